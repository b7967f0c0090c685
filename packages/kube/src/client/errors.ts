/** `metav1.Status` of a refusal. */
export interface ApiStatus {
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `Expired`, `TooManyRequests`, … */
  readonly reason: string;
  readonly message: string;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
    readonly retryAfterSeconds?: number;
  };
}

/** The API server answered, and refused. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ApiStatus;
  /** Seconds to wait before another try, where the server said so (body or `Retry-After` header). */
  readonly retryAfterSeconds: number | undefined;
  constructor(status: ApiStatus, request: string, retryAfterSeconds?: number) {
    super(`${request}: ${status.message}`);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds ?? status.details?.retryAfterSeconds;
  }
}

/**
 * No answer came: refused, reset, timed out, or the certificate was not trusted. `cause` is the system's error, `code` its code
 * (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, `TIMEOUT`, …) and `remedy` what a person can do where that is known.
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: string | undefined;
  readonly remedy: string | undefined;
  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly code?: string; readonly remedy?: string } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = options.code;
    this.remedy = options.remedy;
  }
}

function hasReason(error: unknown, reason: string): error is ApiError {
  return error instanceof ApiError && error.status.reason === reason;
}

export const isNotFound = (error: unknown): error is ApiError => hasReason(error, 'NotFound');
export const isAlreadyExists = (error: unknown): error is ApiError => hasReason(error, 'AlreadyExists');
export const isConflict = (error: unknown): error is ApiError => hasReason(error, 'Conflict');
export const isForbidden = (error: unknown): error is ApiError => hasReason(error, 'Forbidden');
export const isInvalid = (error: unknown): error is ApiError => hasReason(error, 'Invalid');
/** The resourceVersion is too old: list again. */
export const isExpired = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status.code === 410 || error.status.reason === 'Expired');
