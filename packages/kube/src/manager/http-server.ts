import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { answerChecks } from './checks.ts';
import type { Check } from './checks.ts';
import type { Runnable } from './runnable.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A plain HTTP server inside a manager. */
export interface HttpServer extends Runnable {
  /** Where it listens, once it is ready; e.g. `http://127.0.0.1:8081`. */
  readonly url: string | undefined;
}

export interface Listen {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const text = 'text/plain; charset=utf-8';

/**
 * Serves `/healthz` (and `/livez`) from `live` and `/readyz` from `ready`, which are asked anew at each request. `?verbose`, `?exclude=<name>` and
 * `/readyz/<name>` work as on Kubernetes' own components.
 */
export function healthServer(
  options: Listen & { readonly live?: () => readonly Check[]; readonly ready: () => readonly Check[] },
): HttpServer {
  return httpServer('health', options, (url) => {
    const [, endpoint = '', ...rest] = url.pathname.split('/');
    const checks =
      endpoint === 'readyz'
        ? options.ready()
        : endpoint === 'healthz' || endpoint === 'livez'
          ? (options.live?.() ?? [])
          : undefined;
    if (checks === undefined) return undefined;
    const { status, body } = answerChecks(endpoint, checks, {
      verbose: url.searchParams.has('verbose'),
      exclude: url.searchParams.getAll('exclude'),
      ...(rest.length > 0 && rest[0] !== '' ? { only: decodeURIComponent(rest.join('/')) } : {}),
    });
    return { status, type: text, body };
  });
}

/** Serves `/metrics` of a registry. */
export function metricsServer(options: Listen & { readonly register: Registry }): HttpServer {
  return httpServer('metrics', options, async (url) => {
    if (url.pathname !== '/metrics') return undefined;
    return { status: 200, type: options.register.contentType, body: await options.register.metrics() };
  });
}

function httpServer(
  name: string,
  listen: Listen,
  answer: (url: URL) => Answer | undefined | Promise<Answer | undefined>,
): HttpServer {
  const listening = Promise.withResolvers<void>();
  // Whoever waits is told by `run`, which rejects too.
  listening.promise.catch(() => undefined);
  let url: string | undefined;

  async function answered(path: string): Promise<Answer> {
    try {
      return (await answer(new URL(path, 'http://localhost'))) ?? { status: 404, type: text, body: 'not found\n' };
    } catch (error) {
      return { status: 500, type: text, body: `${error instanceof Error ? error.message : String(error)}\n` };
    }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await answered(request.url ?? '/');
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  return {
    name,
    group: 'servers',
    get url() {
      return url;
    },
    ready: () => listening.promise,
    async run(signal) {
      const server = createServer((request, response) => {
        if (request.method !== 'GET' && request.method !== 'HEAD') {
          response.writeHead(405, { allow: 'GET, HEAD' }).end();
          return;
        }
        void respond(request, response);
      });
      server.requestTimeout = 10_000;
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(listen.port, listen.host, resolve);
        });
      } catch (error) {
        listening.reject(error);
        throw error;
      }
      const { address, port, family } = server.address() as AddressInfo;
      url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
      listening.resolve();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        const close = () => {
          server.close(() => resolve());
          server.closeIdleConnections();
        };
        if (signal.aborted) close();
        else signal.addEventListener('abort', close, { once: true });
      });
    },
  };
}
