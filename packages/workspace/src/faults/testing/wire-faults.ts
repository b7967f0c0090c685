import type { IncomingMessage } from 'node:http';
import { pipeline, Transform } from 'node:stream';
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

/** The longest that a change is told late, ms. */
const latestMs = 400;

/**
 * A wire on which every watch lags behind what calls answer, each by itself, and tells of a third of its changes twice. `seen` counts what was
 * done.
 */
export function lateWire(random: () => number): { readonly intercept: Intercept; readonly seen: Map<string, number> } {
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const late = (): Transform => {
    let rest = '';
    return new Transform({
      transform(chunk: Buffer, _, done) {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        const told = lines.flatMap((line) => {
          const twice = random() < 0.3;
          if (twice) count('twice');
          return twice ? [line, line] : [line];
        });
        count('late');
        systemClock.after(random() * latestMs, () => done(null, told.map((line) => `${line}\n`).join('')));
      },
    });
  };
  return {
    seen,
    async intercept(call, send) {
      const answer = await send();
      return call.verb === 'watch' ? pipeline(answer as IncomingMessage, late(), () => {}) : answer;
    },
  };
}
