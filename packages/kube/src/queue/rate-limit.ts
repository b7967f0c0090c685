import type { Clock } from '../clock.ts';

/** A rate and how much of it may be saved up. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A token bucket that never refuses: it says how long to wait, and the wait counts against those who come later. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = clock.monotonic();
  }

  /** Takes one token. @returns milliseconds to wait until it is there. */
  take(): number {
    const { perSecond, burst } = this.#rate;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / perSecond) * 1000;
  }
}

/** Milliseconds: the wait after the first failure, doubled with each further one, up to the longest. */
export interface KeyBackoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Consecutive failures by key. */
export class KeyFailures {
  readonly #backoff: KeyBackoff;
  readonly #failures = new Map<string, number>();

  constructor(backoff: KeyBackoff) {
    this.#backoff = backoff;
  }

  /** Counts one more failure. @returns milliseconds to wait. */
  fail(key: string): number {
    const failures = this.count(key);
    this.#failures.set(key, failures + 1);
    return Math.min(this.#backoff.maxMs, this.#backoff.firstMs * 2 ** failures);
  }

  count(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }
}
