import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@kaito/kube';

/** A call that was served. */
export interface ServedRequest {
  /** RFC 3339. */
  readonly time: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Without api-version. */
  readonly query: string;
  readonly apiVersion?: string;
  /** 0: the connection was cut before an answer. */
  readonly status: number;
  /** Object id, where Resource Manager knew the caller. */
  readonly callerId?: string;
}

export interface RequestLog {
  begin(request: IncomingMessage, response: ServerResponse): void;
  noteCaller(request: IncomingMessage, callerId: string): void;
  list(): readonly ServedRequest[];
  clear(): void;
}

/** So many are kept; the oldest go first. */
const limit = 100_000;

/** Remembers the calls in the order of their ends. */
export function createRequestLog(clock: Clock): RequestLog {
  let served: ServedRequest[] = [];
  const callers = new WeakMap<IncomingMessage, string>();
  return {
    begin(request, response) {
      const time = clock.now().toISOString();
      response.once('close', () => {
        const url = URL.parse(request.url ?? '/', 'https://host');
        const apiVersion = url?.searchParams.get('api-version');
        url?.searchParams.delete('api-version');
        const callerId = callers.get(request);
        if (served.length >= limit) served = served.slice(limit / 10);
        served.push({
          time,
          method: request.method ?? '',
          host: request.headers.host ?? '',
          path: url?.pathname ?? request.url ?? '',
          query: url?.searchParams.toString() ?? '',
          status: response.writableFinished ? response.statusCode : 0,
          ...(apiVersion != null && { apiVersion }),
          ...(callerId !== undefined && { callerId }),
        });
      });
    },
    noteCaller: (request, callerId) => void callers.set(request, callerId),
    list: () => served,
    clear: () => void (served = []),
  };
}
