import { type Demand, shortage } from '../../compute/quota.ts';
import { regions } from '../../compute/regions.ts';
import { restrictionOf } from '../../compute/restrictions.ts';
import { type Size, findSize, sizesOffered } from '../../compute/sizes.ts';
import type { JsonObject, Store } from '../../store/store.ts';
import { insufficientQuota, sizeNotAllowed, skuNotAvailable, zoneNotSupported } from '../errors.ts';

/** The size of a pool that is to be made, as the region offers it in the pool's zones. @throws ArmError where it does not */
export function offeredSize(store: Store, name: string, pool: JsonObject, location: string, now: Date): Size {
  const wanted = String(pool['vmSize']);
  const offered = sizesOffered(now);
  const size = offered.find((each) => each.name.toLowerCase() === wanted.toLowerCase());
  if (size === undefined)
    throw sizeNotAllowed(
      wanted,
      location,
      offered.map((each) => each.name),
    );
  const restriction = restrictionOf(store, size.name, location);
  if (restriction !== undefined && restriction.zones === undefined) throw skuNotAvailable(size.name, location);
  const zones = (pool['availabilityZones'] ?? []) as readonly string[];
  const supported = (regions.get(location) ?? []).filter((zone) => restriction?.zones?.includes(zone) !== true);
  if (!zones.every((zone) => supported.includes(zone))) throw zoneNotSupported(zones, name, location, supported);
  return size;
}

/** The machines of a pool, as quotas count them. */
export function demandOf(pool: JsonObject): Demand {
  return {
    size: findSize(String(pool['vmSize']))!,
    count: Number(pool['count']),
    spot: pool['scaleSetPriority'] === 'Spot',
  };
}

/** @throws ArmError where the quota does not reach for `demands` */
export function requireQuota(
  store: Store,
  at: { readonly subscriptionId: string; readonly location: string; readonly exceptPool?: string },
  demands: readonly Demand[],
): void {
  const missing = shortage(store, at, demands);
  if (missing !== undefined) throw insufficientQuota(missing.family, missing.requested, missing.left, at.location);
}
