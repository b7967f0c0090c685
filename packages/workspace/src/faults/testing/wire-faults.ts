import { ConnectionError, type Intercept, systemClock } from '@kaito/kube';
import { refusal } from '@kaito/kube/testing';

/** What the wire does to a request. */
const faults = [
  'conflict',
  'tooManyRequests',
  'serverError',
  'unavailable',
  'resetBefore',
  'resetAfter',
  'stall',
] as const;
type Fault = (typeof faults)[number];

const refusals = {
  conflict: [409, 'Conflict'],
  tooManyRequests: [429, 'TooManyRequests'],
  serverError: [500, 'InternalError'],
  unavailable: [503, 'ServiceUnavailable'],
} as const;

/** Uniform in [0, 1), the same sequence for the same seed: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A wire on which this share of requests fares badly, watches among them. `seen` counts what was done. */
export function faultyWire(
  random: () => number,
  share: number,
): { readonly intercept: Intercept; readonly seen: Map<string, number> } {
  const seen = new Map<string, number>();
  return {
    seen,
    async intercept(call, send) {
      if (random() >= share) return await send();
      const fault: Fault = faults[Math.floor(random() * faults.length)]!;
      const isWatch = call.verb === 'watch';
      const told = `${isWatch ? 'watch' : 'call'} ${isWatch && fault === 'conflict' ? 'expired' : fault}`;
      seen.set(told, (seen.get(told) ?? 0) + 1);
      if (fault === 'stall') {
        await new Promise<void>((resolve) => void systemClock.after(200, resolve));
        return await send();
      }
      if (fault === 'resetAfter' && !isWatch) await send();
      if (fault === 'resetBefore' || fault === 'resetAfter') throw new ConnectionError('reset', { code: 'ECONNRESET' });
      const [code, reason] = isWatch && fault === 'conflict' ? ([410, 'Expired'] as const) : refusals[fault];
      throw refusal(code, reason);
    },
  };
}
