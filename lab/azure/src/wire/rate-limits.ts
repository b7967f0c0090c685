import type { Clock } from '@kaito/kube';
import { tooManyRequests } from '../errors/request-errors.ts';

export interface RateLimits {
  /** Counts a call and gives the headers that tell what is left. @throws ArmError 429 where limits are enforced */
  take(subscriptionId: string | undefined, callerId: string, method: string): Record<string, string>;
}

type Kind = 'reads' | 'writes' | 'deletes';

/** Per subscription and principal: size of the bucket, and how much it refills per second (Azure's page "Understand how Azure Resource Manager throttles requests"). */
const buckets: Readonly<Record<Kind, { readonly size: number; readonly perSecond: number }>> = {
  reads: { size: 250, perSecond: 25 },
  writes: { size: 200, perSecond: 10 },
  deletes: { size: 200, perSecond: 10 },
};

const kinds: Readonly<Record<string, Kind>> = { GET: 'reads', HEAD: 'reads', DELETE: 'deletes' };

/** Resource Manager's token buckets. Not enforced, they are only told. */
export function createRateLimits(clock: Clock, enforced: boolean): RateLimits {
  const levels = new Map<string, { level: number; at: number }>();
  return {
    take(subscriptionId, callerId, method) {
      const kind = kinds[method] ?? 'writes';
      const { size, perSecond } = buckets[kind];
      const key = `${kind} ${subscriptionId?.toLowerCase() ?? 'tenant'} ${callerId}`;
      const now = clock.monotonic();
      const before = levels.get(key) ?? { level: size, at: now };
      const level = Math.min(size, before.level + ((now - before.at) / 1000) * perSecond);
      if (level < 1 && enforced) {
        levels.set(key, { level, at: now });
        throw tooManyRequests(Math.max(1, Math.ceil((1 - level) / perSecond)));
      }
      levels.set(key, { level: Math.max(0, level - 1), at: now });
      const scope = subscriptionId === undefined ? 'tenant' : 'subscription';
      return { [`x-ms-ratelimit-remaining-${scope}-${kind}`]: String(Math.max(0, Math.floor(level - 1))) };
    },
  };
}
