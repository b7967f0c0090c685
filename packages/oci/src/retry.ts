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

/**
 * Runs `attempt` until it succeeds, fails for good, or `policy.attempts` tries in a row have failed. `attempt` calls
 * `progressed()` when something was gained (bytes on disk): the count of failures then starts anew.
 */
export async function withRetry<T>(
  attempt: (progressed: () => void) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const policy = options.policy ?? defaultRetryPolicy;
  const timing = options.timing ?? systemTiming;
  const worthIt = options.retryable ?? ((error: OciError) => error.retryable);
  let failures = 0;
  for (;;) {
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (error) {
      if (options.signal?.aborted) throw aborted(error);
      if (!(error instanceof OciError) || !worthIt(error)) throw error;
      failures += 1;
      if (failures >= policy.attempts || (error.retryAfterMs ?? 0) > policy.longestRetryAfterMs) throw error;
      try {
        await timing.sleep(backoffMs(failures, policy, timing.random, error.retryAfterMs), options.signal);
      } catch (cause) {
        throw aborted(cause);
      }
    }
  }
}
