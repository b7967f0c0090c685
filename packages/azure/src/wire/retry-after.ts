import type { IncomingHttpHeaders } from 'node:http';

/** No server means longer than this; a date from a wrong clock may. */
const longestMs = 3_600_000;

/**
 * How long the server asks to wait, ms: `x-ms-retry-after-ms` or `retry-after-ms`, else `Retry-After` in seconds or as an HTTP date.
 * At most an hour. Undefined where nothing readable is said.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: Date): number | undefined {
  for (const name of ['x-ms-retry-after-ms', 'retry-after-ms']) {
    const value = number(headers[name]);
    if (value !== undefined) return bounded(value);
  }
  const value = headers['retry-after'];
  const seconds = number(value);
  if (seconds !== undefined) return bounded(seconds * 1000);
  const date = value === undefined || !/[a-z]/i.test(value) ? Number.NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : bounded(date - now.getTime());
}

function number(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

function bounded(ms: number): number {
  return Math.round(Math.min(Math.max(ms, 0), longestMs));
}
