import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { HttpEnv } from './app.ts';

/** Bounds on what one connection, and all of them, may take. Times in ms. */
export interface ConnectionLimits {
  /** For the whole head of a request. */
  readonly headersTimeoutMs: number;
  /** For the whole request, its body included. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  readonly maxBodyBytes: number;
}

/** Limits that no flag changes: ample for honest clients, tight for slow ones. */
export const defaultConnectionLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 75_000,
  maxHeaderBytes: 16_384,
  maxConnections: 2048,
} as const;

/** An HTTP server for the app that slow or broken clients cannot hold. Not yet listening. */
export function createHttpServer(app: Hono<HttpEnv>, limits: ConnectionLimits): Server {
  const listener = getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0], {
    overrideGlobalObjects: false,
  });
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      maxHeaderSize: limits.maxHeaderBytes,
      connectionsCheckingInterval: Math.max(50, Math.min(1000, limits.headersTimeoutMs / 4)),
    },
    (incoming, outgoing) => {
      // Once the server closes, a kept-alive connection has nothing more to wait for.
      outgoing.once('close', () => {
        if (!server.listening) setImmediate(() => server.closeIdleConnections());
      });
      void listener(incoming, outgoing);
    },
  );
  server.maxConnections = limits.maxConnections;
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (Number(incoming.headers['content-length'] ?? 0) <= limits.maxBodyBytes) outgoing.writeContinue();
    void listener(incoming, outgoing);
  });
  return server;
}

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** Listens. Rejects with node's error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …). `port` 0: any free one. */
export async function listen(server: Server, host: string, port: number): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  return { host, port: actual, url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}` };
}
