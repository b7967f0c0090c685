import { apiVersions } from '../arm/api-versions.ts';
import { armPath } from '../arm/path.ts';
import type { ResourceManager } from '../arm/resource-manager.ts';
import { listOf, numberOf, objectOf, textOf, textsOf } from '../json.ts';
import type { Compute, ComputeSku, Usage } from './compute.ts';

/** Usages and machine types of a subscription, over Resource Manager. */
export function createCompute(resourceManager: ResourceManager, subscriptionId: string): Compute {
  const compute = armPath('subscriptions', subscriptionId, 'providers', 'Microsoft.Compute');
  return {
    async usages(location, call) {
      const path = compute + armPath('locations', location, 'usages');
      return (await resourceManager.list({ path, apiVersion: apiVersions.compute, ...call })).flatMap(usageOf);
    },
    async skus(location, call) {
      const query = { $filter: `location eq '${location.replaceAll("'", "''")}'` };
      const path = compute + armPath('skus');
      const items = await resourceManager.list({ path, apiVersion: apiVersions.computeSkus, query, ...call });
      return items.flatMap((item) => skuOf(item, location));
    },
  };
}

function usageOf(value: unknown): readonly Usage[] {
  const usage = objectOf(value);
  const named = objectOf(usage?.['name']);
  const name = textOf(named?.['value']);
  const current = numberOf(usage?.['currentValue']);
  const limit = numberOf(usage?.['limit']);
  if (name === undefined || current === undefined || limit === undefined) return [];
  return [{ name, localizedName: textOf(named?.['localizedValue']) ?? name, current, limit }];
}

function skuOf(value: unknown, location: string): readonly ComputeSku[] {
  const sku = objectOf(value);
  const name = textOf(sku?.['name']);
  if (sku === undefined || name === undefined || sku['resourceType'] !== 'virtualMachines') return [];
  if (!textsOf(sku['locations']).some((other) => same(other, location))) return [];
  const capability = (wanted: string) =>
    listOf(sku['capabilities'])
      .map(objectOf)
      .find((one) => one?.['name'] === wanted)?.['value'];
  const here = listOf(sku['locationInfo'])
    .map(objectOf)
    .find((info) => same(textOf(info?.['location']) ?? '', location));
  const vCPUs = Number(capability('vCPUs'));
  return [
    {
      name,
      family: textOf(sku['family']) ?? '',
      vCPUs: Number.isFinite(vCPUs) ? vCPUs : 0,
      zones: textsOf(here?.['zones']).toSorted(),
      restrictions: listOf(sku['restrictions']).flatMap((restriction) => restrictionOf(restriction, location)),
    },
  ];
}

/** Of a `Zone` restriction the zones are told; any other holds for the whole region. */
function restrictionOf(value: unknown, location: string): ComputeSku['restrictions'] {
  const restriction = objectOf(value);
  if (restriction === undefined) return [];
  const info = objectOf(restriction['restrictionInfo']);
  const locations = textsOf(info?.['locations'] ?? restriction['values']);
  const reason = textOf(restriction['reasonCode']) ?? 'Unknown';
  if (restriction['type'] === 'Zone') {
    if (locations.length > 0 && !locations.some((other) => same(other, location))) return [];
    return [{ reason, zones: textsOf(info?.['zones']).toSorted() }];
  }
  return locations.length === 0 || locations.some((other) => same(other, location)) ? [{ reason }] : [];
}

/** Azure writes a region as `westus3`, `WestUS3` or `West US 3`. */
function same(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(location: string): string {
  return location.replaceAll(/\s/g, '').toLowerCase();
}
