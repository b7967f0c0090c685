import { invalidFilter } from '../errors/request-errors.ts';
import type { ArmRequest, ArmRoute, Emulator, Service } from '../wire/service.ts';
import { adminRoutes } from './admin.ts';
import { unknownRegion } from './errors.ts';
import { usages } from './quota.ts';
import { regionName, regions } from './regions.ts';
import { restrictionOf } from './restrictions.ts';
import { sizesOffered } from './sizes.ts';
import { sku } from './sku.ts';

const provider = '/subscriptions/{subscriptionId}/providers/Microsoft.Compute';
const computeVersions = [
  '2019-04-01',
  '2021-07-01',
  '2022-03-01',
  '2022-11-01',
  '2023-03-01',
  '2023-07-01',
  '2023-09-01',
  '2024-03-01',
  '2024-07-01',
  '2024-11-01',
  '2025-04-01',
];

/** @throws ArmError where the path's region is none */
const region = (request: ArmRequest, type: string): string => {
  const name = regionName(request.parameters['location'] ?? '');
  if (!regions.has(name)) throw unknownRegion(request.parameters['location'] ?? '', type, request.apiVersion);
  return name;
};

/** Usages, SKUs and sizes of Microsoft.Compute. */
export function createCompute(emulator: Emulator): Service {
  const { store, clock } = emulator;

  const arm: ArmRoute[] = [
    {
      method: 'GET',
      path: `${provider}/locations/{location}/usages`,
      action: 'Microsoft.Compute/locations/usages/read',
      apiVersions: computeVersions,
      handle(request) {
        const { subscriptionId } = request.parameters;
        const all = usages(store, subscriptionId!, region(request, 'locations/usages'), clock.now());
        const value = all.map(({ family, current, limit }) => ({
          limit,
          unit: 'Count',
          currentValue: current,
          name: { value: family.name, localizedValue: family.localizedName },
        }));
        return { status: 200, body: { value } };
      },
    },
    {
      method: 'GET',
      path: `${provider}/locations/{location}/vmSizes`,
      action: 'Microsoft.Compute/locations/vmSizes/read',
      apiVersions: computeVersions,
      handle(request) {
        region(request, 'locations/vmSizes');
        const value = sizesOffered(clock.now()).map((size) => ({
          name: size.name,
          numberOfCores: size.vcpus,
          osDiskSizeInMB: 1_047_552,
          resourceDiskSizeInMB: size.nvmeGiB * 1024,
          memoryInMB: Math.round(size.memoryGiB * 1024),
          maxDataDiskCount: Math.min(64, size.vcpus * 2),
        }));
        return { status: 200, body: { value } };
      },
    },
    {
      method: 'GET',
      path: `${provider}/skus`,
      action: 'Microsoft.Compute/skus/read',
      apiVersions: computeVersions,
      query: ['$filter', 'includeExtendedLocations'],
      handle(request) {
        const wanted = locationFilter(request.query.get('$filter'));
        const locations = wanted === undefined ? [...regions.keys()] : [wanted].filter((name) => regions.has(name));
        const value = locations.flatMap((location) =>
          sizesOffered(clock.now()).map((size) => sku(size, location, restrictionOf(store, size.name, location))),
        );
        return { status: 200, body: { value } };
      },
    },
  ];
  return { arm, admin: adminRoutes(emulator) };
}

/** `location eq 'westus3'`, the only filter that the SKUs know. @throws ArmError for any other */
function locationFilter(filter: string | null): string | undefined {
  if (filter === null) return undefined;
  const [, location] = /^\s*location\s+eq\s+'([^']+)'\s*$/i.exec(filter) ?? [];
  if (location === undefined) throw invalidFilter(filter);
  return regionName(location);
}
