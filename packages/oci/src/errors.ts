/** Every way in which talking to a registry or fetching a file can fail. */
export type OciErrorCode =
  | 'InvalidReference'
  | 'NotFound'
  | 'Unauthorized'
  | 'Denied'
  | 'TooManyRequests'
  | 'DigestMismatch'
  | 'NetworkUnreachable'
  | 'CertificateUntrusted'
  | 'PlainHttpRefused'
  | 'ServerError'
  | 'UnsupportedManifest'
  | 'UnsupportedPlatform'
  | 'CredentialsUnreadable'
  /** A tag, or what it names, may not be replaced. */
  | 'TagImmutable'
  | 'NoSpace'
  | 'WriteFailed'
  | 'Aborted';

export interface OciErrorDetails {
  /** What the person can do about it, in one sentence. */
  readonly remedy: string;
  /** HTTP status, where an answer caused the error. */
  readonly status?: number;
  /** `X-Error-Code` or the registry's own error code, where it gave one. */
  readonly serverCode?: string;
  /** Whether the same call may succeed in a moment. */
  readonly retryable?: boolean;
  /** How long the server asked to wait, in ms. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** An error as data: what went wrong (`code`, `message`) and what to do (`remedy`). */
export class OciError extends Error {
  readonly code: OciErrorCode;
  readonly remedy: string;
  readonly status: number | undefined;
  readonly serverCode: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: OciErrorCode, message: string, details: OciErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'OciError';
    this.code = code;
    this.remedy = details.remedy;
    this.status = details.status;
    this.serverCode = details.serverCode;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The error for a call that its own AbortSignal ended. */
export function aborted(cause?: unknown): OciError {
  return new OciError('Aborted', 'The transfer was cancelled.', {
    remedy: 'Start it again: what has been fetched so far is kept and resumed.',
    cause,
  });
}
