import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Listen } from '../manager/http-server.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { WebhookMetrics } from '../metrics/metrics.ts';
import { sleep } from '../sleep.ts';
import { answerRequest, failure, send } from './answer.ts';
import type { Route } from './answer.ts';
import type { KeyPair, ServingCertificate } from './certificates/serving-certificate.ts';
import type { AdmissionHandler } from './review.ts';

export interface AdmissionServerOptions extends Listen {
  /** Handlers by path, e.g. `/validate/workspace.kaito.sh`. */
  readonly handlers: Readonly<Record<string, AdmissionHandler>>;
  readonly certificate: ServingCertificate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `controller_runtime_webhook_*`, by path. */
  readonly metrics?: (path: string) => WebhookMetrics;
  /** Default 7 MiB, as controller-runtime: old and new object of up to 3 MiB each, with what is around them. */
  readonly maxBodyBytes?: number;
  /** An asynchronous handler is given up after so long; default 10,000, the API server's own default for a webhook. */
  readonly handlerTimeoutMs?: number;
  /** How long new connections are still taken after the signal, until the API server's load balancing has heard of the end; default 2,000. */
  readonly drainMs?: number;
}

export interface AdmissionServer extends Runnable {
  /** Where it listens, once it is ready; e.g. `https://127.0.0.1:9443`. */
  readonly url: string | undefined;
}

/** Go's client, which the API server uses, drops an idle connection after 90 s; whoever closes first must be the client. */
const keepAliveMs = 120_000;
const minVersion = 'TLSv1.2';

/**
 * An HTTPS server for AdmissionReviews of v1. It waits for its first certificate, takes over each later one without ending a connection, and on a
 * stop finishes what it has begun.
 */
export function createAdmissionServer(options: AdmissionServerOptions): AdmissionServer {
  const { clock, logger, certificate, handlers, drainMs = 2_000 } = options;
  const routes = new Map<string, Route>(
    Object.entries(handlers).map(([path, handler]) => [path, { handler, metrics: options.metrics?.(path) }]),
  );
  const answering = {
    clock,
    logger,
    maxBodyBytes: options.maxBodyBytes ?? 7 * 1024 * 1024,
    handlerTimeoutMs: options.handlerTimeoutMs ?? 10_000,
  };
  const listening = Promise.withResolvers<void>();
  // Whoever waits is told by `run`, which rejects too.
  listening.promise.catch(() => undefined);
  let url: string | undefined;

  function create(first: KeyPair, begun: Begun): Server {
    const server = createServer({ ...tls(first), minVersion, ALPNProtocols: ['http/1.1'] }, (request, response) => {
      begun.add(response);
      const route = routes.get((request.url ?? '/').split('?', 1)[0]!);
      if (route === undefined) {
        send(response, 404, failure(404, 'NotFound', 'there is no webhook at this path'));
      } else if (request.method !== 'POST') {
        send(response, 405, failure(405, 'MethodNotAllowed', 'a webhook takes POST only'), { allow: 'POST' });
      } else {
        void answerRequest(route, request, response, answering);
      }
    });
    server.keepAliveTimeout = keepAliveMs;
    server.headersTimeout = 10_000;
    server.requestTimeout = 30_000;
    server.on('tlsClientError', (error) => logger.log('debug', 'TLS handshake failed', { error }));
    return server;
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stop = aborted(signal);
    const first = await Promise.race([certificate.whenReady(), stop]);
    if (first === undefined) return;
    const begun = new Begun();
    const server = create(first, begun);
    try {
      await listen(server, options);
    } catch (error) {
      listening.reject(error);
      throw error;
    }
    const change = (pair: KeyPair) => {
      server.setSecureContext({ ...tls(pair), minVersion });
      logger.log('info', 'webhook certificate changed');
    };
    const unsubscribe = certificate.onChange(change);
    if (certificate.current !== first && certificate.current !== undefined) change(certificate.current);
    url = urlOf(server.address() as AddressInfo);
    listening.resolve();
    logger.log('info', 'webhooks listen', { url, paths: [...routes.keys()] });
    const failed = new Promise<never>((_, reject) => server.once('error', reject));
    try {
      await Promise.race([stop, failed]);
    } finally {
      await close(server, begun);
      unsubscribe();
    }
  }

  /** Takes connections for a little longer, each for one answer, then waits for the last answer. */
  async function close(server: Server, begun: Begun): Promise<void> {
    begun.closeEach();
    server.closeIdleConnections();
    if (drainMs > 0) await sleep(clock, drainMs, new AbortController().signal);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await begun.done();
    server.closeAllConnections();
    await closed;
  }

  return {
    name: 'webhooks',
    group: 'webhooks',
    get url() {
      return url;
    },
    ready: (signal) => untilAborted(listening.promise, signal),
    notReady: () =>
      url === undefined ? (certificate.problem() ?? 'the webhook server does not listen yet') : undefined,
    run,
  };
}

/** The answers that are on their way. */
class Begun {
  readonly #responses = new Set<ServerResponse>();
  #closing = false;
  #empty: (() => void) | undefined;

  add(response: ServerResponse): void {
    this.#responses.add(response);
    if (this.#closing) response.setHeader('connection', 'close');
    response.once('close', () => {
      this.#responses.delete(response);
      if (this.#responses.size === 0) this.#empty?.();
    });
  }

  /** From now on each answer ends its connection. */
  closeEach(): void {
    this.#closing = true;
    for (const response of this.#responses) if (!response.headersSent) response.setHeader('connection', 'close');
  }

  done(): Promise<void> {
    if (this.#responses.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#empty = resolve));
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function tls({ certificate, key }: KeyPair): { readonly cert: string; readonly key: string } {
  return { cert: certificate, key };
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function listen(server: Server, { host, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
