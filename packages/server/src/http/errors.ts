import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { EngineError } from '../engine/engine.ts';

/** How a route words its errors: FastAPI's `detail` (KAITO's servers), or OpenAI's `error` object. */
export type ErrorFamily = 'detail' | 'openai';

export interface HttpErrorOptions {
  /** Stable identifier in snake_case, e.g. `context_length_exceeded`. */
  readonly code?: string;
  /** The field at fault. */
  readonly param?: string;
  /** Seconds after which a repeat may succeed. */
  readonly retryAfter?: number;
  /** FastAPI's list of problems, in place of the message. */
  readonly detail?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer other than 2xx, thrown anywhere below a route and worded by its family. */
export class HttpError extends Error {
  readonly status: ContentfulStatusCode;
  readonly options: HttpErrorOptions;
  constructor(status: ContentfulStatusCode, message: string, options: HttpErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'HttpError';
    this.status = status;
    this.options = options;
  }
}

/** A 400 that names the parameter at fault. */
export function badParameter(param: string, message: string, code = 'invalid_value'): HttpError {
  return new HttpError(400, message, { param, code });
}

/** What the client is told of any thrown value; nothing of an unexpected error's text leaves the server. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof EngineError) {
    const message = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
    switch (error.code) {
      case 'NoChatTemplate':
      case 'NotSupported':
        return new HttpError(400, message, { code: 'not_supported', cause: error });
      case 'InvalidGrammar':
        return new HttpError(400, message, { code: 'invalid_schema', cause: error });
      case 'OutOfMemory':
        return new HttpError(503, message, { code: 'out_of_memory', retryAfter: 5, cause: error });
      default:
        return new HttpError(500, 'Internal Server Error', { code: 'internal_error', cause: error });
    }
  }
  return new HttpError(500, 'Internal Server Error', { code: 'internal_error', cause: error });
}

const openaiTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

/** The JSON body of an error in its family's shape. */
export function errorBody(family: ErrorFamily, error: HttpError): unknown {
  const { code, param, detail } = error.options;
  if (family === 'detail') return { detail: detail ?? error.message };
  const type = openaiTypes[error.status] ?? (error.status >= 500 ? 'server_error' : 'invalid_request_error');
  return { error: { message: error.message, type, param: param ?? null, code: code ?? null } };
}

/** Headers beside the body. */
export function errorHeaders(error: HttpError): Record<string, string> {
  const { retryAfter, headers } = error.options;
  return { ...headers, ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }) };
}
