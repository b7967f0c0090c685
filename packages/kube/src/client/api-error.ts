import { ApiError } from './errors.ts';
import type { ApiStatus } from './errors.ts';

/** Reasons of `metav1.Status` by HTTP status, for answers that carry none (a proxy's page, a webhook's plain text). */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const longestText = 400;

/** What a refusal says. `retryAfter` is the header's text: seconds, or a date, which the API server never sends. */
export function apiError(code: number, body: string, request: string, retryAfter?: string): ApiError {
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  return new ApiError(statusOf(code, body), request, Number.isNaN(seconds) ? undefined : seconds);
}

/** The `Status` in `body`, or one made of its text. */
function statusOf(code: number, body: string): ApiStatus {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  return statusFrom(parsed, code) ?? { code, reason: reasons[code] ?? 'Unknown', message: textOf(code, body) };
}

/** `object` as an `ApiStatus` where it is a `metav1.Status`. */
export function statusFrom(object: unknown, code = 500): ApiStatus | undefined {
  if (typeof object !== 'object' || object === null || !('kind' in object) || object.kind !== 'Status')
    return undefined;
  const status = object as Partial<ApiStatus>;
  const actual = status.code ?? code;
  return {
    code: actual,
    reason: status.reason === undefined || status.reason === '' ? (reasons[actual] ?? 'Unknown') : status.reason,
    message: status.message ?? `the server answered ${actual}`,
    ...(status.details == null ? {} : { details: status.details }),
  };
}

function textOf(code: number, body: string): string {
  const text = body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (text === '') return `the server answered ${code} without a word`;
  return `the server answered ${code}: ${text.length > longestText ? `${text.slice(0, longestText)}…` : text}`;
}
