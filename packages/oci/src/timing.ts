import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, passed in so that tests own both. */
export interface Timing {
  /** Monotonic clock in ms. */
  readonly now: () => number;
  /** Resolves after `ms`; rejects when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export const systemTiming: Timing = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
  random: Math.random,
};
