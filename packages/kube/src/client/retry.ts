import type { ApiCall } from './call.ts';
import { ApiError } from './errors.ts';
import { WireError } from './exchange.ts';

/** How often one call is sent at most. */
export const maxTries = 4;
/** A longer wait is the caller's to plan (`ApiError.retryAfterSeconds`). */
const longestWaitSeconds = 10;

/** Doing these twice comes to the same as doing them once. */
const repeatable: ReadonlySet<ApiCall['verb']> = new Set([
  'get',
  'list',
  'replace',
  'apply',
  'delete',
  'deleteCollection',
]);

/**
 * Milliseconds after which `call` may be sent again; undefined where it must not be. 429 is said before anything is done (priority and
 * fairness), so every call may follow it, except that an eviction's 429 is the answer of a disruption budget. 503 leaves open what was
 * done, and so does a connection that was reset, after which only reads are repeated.
 */
export function retryAfterMs(call: ApiCall, error: unknown): number | undefined {
  if (error instanceof WireError) return error.unanswered && call.method === 'GET' ? 0 : undefined;
  if (!(error instanceof ApiError) || call.subresource === 'eviction') return undefined;
  const seconds = error.retryAfterSeconds;
  if (seconds === undefined || seconds > longestWaitSeconds) return undefined;
  const { code } = error.status;
  return code === 429 || (code === 503 && repeatable.has(call.verb)) ? seconds * 1000 : undefined;
}
