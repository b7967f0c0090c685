import type { Resource, Store, Table } from '../store/store.ts';
import { type Family, familyOf, lowPriority, regional } from './families.ts';
import { regionName } from './regions.ts';
import { type Size, findSize, sizesOffered } from './sizes.ts';

/** vCPUs that a subscription may use where nothing else was set: enough for a lab, and to be reached by who tries. */
const defaults: ReadonlyMap<string, number> = new Map([
  [regional.name, 5000],
  [lowPriority.name, 1000],
  ['virtualMachines', 25_000],
]);
const defaultOfFamily = 1000;

const limits = (store: Store): Table<number> => store.table<number>('compute/quotas');

const key = (subscriptionId: string, location: string, family: string): string =>
  `${subscriptionId.toLowerCase()}/${regionName(location)}/${family.toLowerCase()}`;

/** Sets how many vCPUs (machines, for `virtualMachines`) a subscription may use of a family in a region; undefined: as it was at first. */
export function setQuota(
  store: Store,
  subscriptionId: string,
  location: string,
  family: string,
  limit: number | undefined,
): void {
  if (limit === undefined) limits(store).delete(key(subscriptionId, location, family));
  else limits(store).put(key(subscriptionId, location, family), limit);
}

function limitOf(store: Store, subscriptionId: string, location: string, family: string): number {
  return limits(store).get(key(subscriptionId, location, family)) ?? defaults.get(family) ?? defaultOfFamily;
}

/** Whether a quota has that name: a family's, or one of the region's. */
export function isQuota(name: string, now: Date): boolean {
  return quotas(now).some((quota) => quota.name.toLowerCase() === name.toLowerCase());
}

const machines: Family = { name: 'virtualMachines', localizedName: 'Virtual Machines' };

function quotas(now: Date): readonly Family[] {
  const families = new Map(sizesOffered(now).map((size) => [familyOf(size.name).name, familyOf(size.name)]));
  return [regional, machines, lowPriority, ...families.values()];
}

/** Machines of one agent pool, as quotas count them. */
export interface Demand {
  readonly size: Size;
  readonly count: number;
  readonly spot: boolean;
}

function demandOf(pool: Resource): Demand | undefined {
  const { vmSize, count, scaleSetPriority, powerState } = pool.properties;
  const size = typeof vmSize === 'string' ? findSize(vmSize) : undefined;
  if (size === undefined || typeof count !== 'number') return undefined;
  const stopped = (powerState as { readonly code?: string } | undefined)?.code === 'Stopped';
  return { size, count: stopped ? 0 : count, spot: scaleSetPriority === 'Spot' };
}

/** vCPUs (and machines) in use by name of the quota: what agent pools have of a subscription in a region. */
function used(
  store: Store,
  subscriptionId: string,
  location: string,
  exceptPool?: string,
): ReadonlyMap<string, number> {
  const clusters = `/subscriptions/${subscriptionId}`;
  const region = regionName(location);
  const here = new Set(
    store
      .list(clusters, 'Microsoft.ContainerService/managedClusters')
      .filter((cluster) => cluster.location === region)
      .map((cluster) => cluster.id.toLowerCase()),
  );
  const sums = new Map<string, number>();
  const add = (name: string, amount: number): void => void sums.set(name, (sums.get(name) ?? 0) + amount);
  for (const pool of store.list(clusters, 'Microsoft.ContainerService/managedClusters/agentPools')) {
    const id = pool.id.toLowerCase();
    if (id === exceptPool?.toLowerCase() || !here.has(id.slice(0, id.lastIndexOf('/agentpools/')))) continue;
    const demand = demandOf(pool);
    if (demand === undefined) continue;
    add(machines.name, demand.count);
    for (const { name } of countedAgainst(demand)) add(name, demand.count * demand.size.vcpus);
  }
  return sums;
}

const countedAgainst = ({ size, spot }: Demand): readonly Family[] =>
  spot ? [lowPriority] : [familyOf(size.name), regional];

export interface QuotaUsage {
  readonly family: Family;
  readonly current: number;
  readonly limit: number;
}

/** How much of each quota a subscription uses in a region. */
export function usages(store: Store, subscriptionId: string, location: string, now: Date): readonly QuotaUsage[] {
  const sums = used(store, subscriptionId, location);
  return quotas(now).map((family) => ({
    family,
    current: sums.get(family.name) ?? 0,
    limit: limitOf(store, subscriptionId, location, family.name),
  }));
}

/** A quota that is too small for what is asked, vCPUs. */
export interface Shortage {
  readonly family: Family;
  readonly requested: number;
  readonly left: number;
}

/**
 * The first quota that `demands`, new machines all together, would exceed beside what is in use. `exceptPool`: the id of a pool that is about
 * to change, whose machines do not count as in use.
 */
export function shortage(
  store: Store,
  at: { readonly subscriptionId: string; readonly location: string; readonly exceptPool?: string },
  demands: readonly Demand[],
): Shortage | undefined {
  const sums = used(store, at.subscriptionId, at.location, at.exceptPool);
  const wanted = new Map<string, { readonly family: Family; readonly requested: number }>();
  for (const demand of demands) {
    for (const family of countedAgainst(demand)) {
      const requested = (wanted.get(family.name)?.requested ?? 0) + demand.count * demand.size.vcpus;
      wanted.set(family.name, { family, requested });
    }
  }
  for (const { family, requested } of wanted.values()) {
    const left = Math.max(
      0,
      limitOf(store, at.subscriptionId, at.location, family.name) - (sums.get(family.name) ?? 0),
    );
    if (requested > left) return { family, requested, left };
  }
  return undefined;
}
