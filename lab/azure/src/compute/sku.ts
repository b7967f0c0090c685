import type { JsonObject } from '../store/store.ts';
import { familyOf } from './families.ts';
import { regions } from './regions.ts';
import type { Restriction } from './restrictions.ts';
import type { Size } from './sizes.ts';

const capability = (name: string, value: string | number): JsonObject => ({ name, value: String(value) });

/** A size as Microsoft.Compute lists it for a region. */
export function sku(size: Size, location: string, restriction: Restriction | undefined): JsonObject {
  const [, tier, body] = /^([^_]+)_(.*)$/.exec(size.name) ?? [];
  const zones = regions.get(location) ?? [];
  return {
    resourceType: 'virtualMachines',
    name: size.name,
    tier: tier ?? 'Standard',
    size: body ?? size.name,
    family: familyOf(size.name).name,
    locations: [location],
    locationInfo: [{ location, zones, zoneDetails: [] }],
    capabilities: [
      capability('vCPUs', size.vcpus),
      capability('vCPUsAvailable', size.vcpus),
      capability('MemoryGB', size.memoryGiB),
      ...(size.gpu === undefined ? [] : [capability('GPUs', size.gpu.count)]),
      ...(size.nvmeGiB === 0 ? [] : [capability('NvmeDiskSizeInMiB', size.nvmeGiB * 1024)]),
      capability('CpuArchitectureType', 'x64'),
      capability('HyperVGenerations', 'V1,V2'),
      capability('PremiumIO', 'True'),
      capability('LowPriorityCapable', 'True'),
    ],
    restrictions:
      restriction === undefined
        ? []
        : [
            {
              type: restriction.zones === undefined ? 'Location' : 'Zone',
              values: [location],
              restrictionInfo: {
                locations: [location],
                ...(restriction.zones !== undefined && { zones: restriction.zones }),
              },
              reasonCode: restriction.reason,
            },
          ],
  };
}
