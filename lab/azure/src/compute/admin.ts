import { invalidParameter } from '../errors/request-errors.ts';
import type { AdminRoute, Emulator } from '../wire/service.ts';
import { isQuota, setQuota } from './quota.ts';
import { regionName, regions } from './regions.ts';
import { lift, restrict } from './restrictions.ts';
import { findSize } from './sizes.ts';

const known = (location: string): string => {
  if (!regions.has(regionName(location))) throw invalidParameter('location', `There is no region ${location}.`);
  return regionName(location);
};

const size = (name: string): string => {
  if (findSize(name) === undefined) throw invalidParameter('size', `There is no size named ${name}.`);
  return name;
};

/** What only the lab has: limits and restrictions, set at will. */
export function adminRoutes({ store, clock }: Pick<Emulator, 'store' | 'clock'>): readonly AdminRoute[] {
  const family = (name: string): string => {
    if (!isQuota(name, clock.now())) throw invalidParameter('family', `There is no quota named ${name}.`);
    return name;
  };
  const quota = '/compute/quotas/{subscriptionId}/{location}/{family}';
  const restriction = '/compute/restrictions/{location}/{size}';
  return [
    {
      method: 'PUT',
      path: quota,
      handle(at, body) {
        const { limit } = body;
        if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0)
          throw invalidParameter('limit', 'It is a whole number of vCPUs.');
        setQuota(store, at['subscriptionId']!, known(at['location']!), family(at['family']!), limit);
      },
    },
    {
      method: 'DELETE',
      path: quota,
      handle: (at) => setQuota(store, at['subscriptionId']!, known(at['location']!), family(at['family']!), undefined),
    },
    {
      method: 'PUT',
      path: restriction,
      handle(at, body) {
        const { zones, reason = 'NotAvailableForSubscription' } = body;
        if (reason !== 'NotAvailableForSubscription' && reason !== 'QuotaId')
          throw invalidParameter('reason', 'It is NotAvailableForSubscription or QuotaId.');
        if (zones !== undefined && !(Array.isArray(zones) && zones.every((zone) => typeof zone === 'string')))
          throw invalidParameter('zones', 'It is a list of zones, such as ["1"].');
        restrict(store, {
          size: size(at['size']!),
          location: known(at['location']!),
          reason,
          ...(zones !== undefined && { zones: zones as readonly string[] }),
        });
      },
    },
    {
      method: 'DELETE',
      path: restriction,
      handle: (at) => lift(store, size(at['size']!), known(at['location']!)),
    },
  ];
}
