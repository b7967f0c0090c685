import type { IncomingHttpHeaders } from 'node:http';

/** By which Microsoft's support finds a request. */
export function requestIds(headers: IncomingHttpHeaders): {
  readonly requestId?: string;
  readonly correlationId?: string;
} {
  const requestId = headers['x-ms-request-id'];
  const correlationId = headers['x-ms-correlation-request-id'];
  return {
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(typeof correlationId === 'string' ? { correlationId } : {}),
  };
}
