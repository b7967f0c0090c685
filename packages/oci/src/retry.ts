import { aborted, OciError } from './errors.ts';
import { type Timing, systemTiming } from './timing.ts';

export interface RetryPolicy {
  /** Tries in a row that may fail without any progress between them. */
  readonly attempts: number;
  /** First pause in ms; doubles with each failure. */
  readonly baseMs: number;
  /** Longest pause of our own choosing, in ms. */
  readonly capMs: number;
  /** Longest `Retry-After` that is waited for, in ms; a longer one is reported instead. */
  readonly longestRetryAfterMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 6,
  baseMs: 500,
  capMs: 20_000,
  longestRetryAfterMs: 60_000,
};

/**
 * The pause before the next try, in ms: the server's own wish where it gave one (plus up to a tenth, so that clients told
 * the same do not come back together), else exponential back-off with full jitter.
 */
export function backoffMs(failures: number, policy: RetryPolicy, random: () => number, retryAfterMs?: number): number {
  if (retryAfterMs !== undefined) return Math.round(retryAfterMs * (1 + random() * 0.1));
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(ceiling * (0.5 + random() * 0.5));
}

/** `Retry-After` in ms: seconds, or an HTTP date against `nowEpochMs`; undefined if absent or unreadable. */
export function parseRetryAfter(value: string | undefined, nowEpochMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowEpochMs);
}

export interface RetryOptions {
  readonly policy?: RetryPolicy | undefined;
  readonly timing?: Timing | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Which errors are worth another try; default: those that say so themselves. */
  readonly retryable?: ((error: OciError) => boolean) | undefined;
}

/** Counts failures in a row and waits between them. */
export class Retries {
  readonly #options: RetryOptions;
  #failures = 0;

  constructor(options: RetryOptions = {}) {
    this.#options = options;
  }

  /** Something was gained (bytes that need not be sent again): the count starts anew. */
  progressed(): void {
    this.#failures = 0;
  }

  /** Waits before the next try, or throws `error` where another one is not worth it. Throws OciError `Aborted` at the signal. */
  async failed(error: unknown): Promise<void> {
    const { signal, retryable } = this.#options;
    const policy = this.#options.policy ?? defaultRetryPolicy;
    const timing = this.#options.timing ?? systemTiming;
    if (signal?.aborted) throw aborted(error);
    if (!(error instanceof OciError) || !(retryable?.(error) ?? error.retryable)) throw error;
    this.#failures += 1;
    if (this.#failures >= policy.attempts || (error.retryAfterMs ?? 0) > policy.longestRetryAfterMs) throw error;
    try {
      await timing.sleep(backoffMs(this.#failures, policy, timing.random, error.retryAfterMs), signal);
    } catch (cause) {
      throw aborted(cause);
    }
  }
}

/**
 * Runs `attempt` until it succeeds, fails for good, or `policy.attempts` tries in a row have failed. `attempt` calls
 * `progressed()` when something was gained (bytes on disk): the count of failures then starts anew.
 */
export async function withRetry<T>(
  attempt: (progressed: () => void) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const retries = new Retries(options);
  for (;;) {
    try {
      return await attempt(() => retries.progressed());
    } catch (error) {
      await retries.failed(error);
    }
  }
}
