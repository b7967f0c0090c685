import { ManualClock } from '@kaito/kube/testing';
import { expect, test } from 'vitest';
import { createRateLimits } from './rate-limits.ts';

function spend(limits: ReturnType<typeof createRateLimits>, method: string, times: number, caller = 'one'): string[] {
  return Array.from({ length: times }, () => {
    try {
      return Object.values(limits.take('S', caller, method))[0]!;
    } catch (error) {
      const { code, headers } = error as { code: string; headers: Record<string, string> };
      return `${code} ${headers['retry-after']}`;
    }
  });
}

test('a bucket empties, says so, and fills again; each caller and each kind of call has its own', () => {
  const clock = new ManualClock();
  const limits = createRateLimits(clock, true);
  const writes = spend(limits, 'PUT', 201);
  expect([writes[0], writes.at(-2), writes.at(-1)]).toEqual(['199', '0', 'SubscriptionRequestsThrottled 1']);
  expect(spend(limits, 'PUT', 1, 'other')).toEqual(['199']);
  expect(spend(limits, 'GET', 1)).toEqual(['249']);
  clock.advance(1000);
  expect(spend(limits, 'PUT', 11).at(-1)).toBe('SubscriptionRequestsThrottled 1');
  clock.advance(3_600_000);
  expect(spend(limits, 'PUT', 1)).toEqual(['199']);
});

test('what is not enforced is only told', () => {
  expect(spend(createRateLimits(new ManualClock(), false), 'DELETE', 500).at(-1)).toBe('0');
});
