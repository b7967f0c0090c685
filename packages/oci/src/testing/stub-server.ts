import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Timing } from '../timing.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface StubServer extends AsyncDisposable {
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  readonly requests: SeenRequest[];
}

export type StubHandler = (request: SeenRequest, response: ServerResponse) => unknown;

/** An HTTP server on a free port of this machine that records what it is asked. */
export async function startStubServer(handler: StubHandler): Promise<StubServer> {
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = 'GET', url = '/', headers } = incoming;
      const request = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      handler(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface ServeOptions {
  readonly etag?: string;
  /** Answer ranges with the whole, as servers without ranges do. */
  readonly ignoreRange?: boolean;
  /** Cut the connection after so many bytes of this answer. */
  readonly cutAfter?: number;
  /** Leave out Content-Length. */
  readonly chunked?: boolean;
}

/** Answers a GET or HEAD for `bytes` as a static file server does, with Range and If-Range, and with the faults asked for. */
export function serveBytes(
  request: SeenRequest,
  response: ServerResponse,
  bytes: Buffer,
  options: ServeOptions = {},
): void {
  const { etag, ignoreRange = false, cutAfter, chunked = false } = options;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const condition = request.headers['if-range'];
  const partial = range !== null && !ignoreRange && (condition === undefined || condition === etag);
  const from = partial ? Number(range[1]) : 0;
  if (etag !== undefined) response.setHeader('etag', etag);
  if (partial && from >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  const body = bytes.subarray(from);
  if (partial) response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
  if (!chunked) response.setHeader('content-length', body.length);
  response.writeHead(partial ? 206 : 200);
  if (request.method === 'HEAD') response.end();
  else if (cutAfter === undefined) response.end(body);
  else response.write(body.subarray(0, cutAfter), () => response.destroy());
}

/** A clock that moves only when someone sleeps, and remembers how long. */
export function instantTiming(): Timing & { readonly slept: number[] } {
  const slept: number[] = [];
  let now = 0;
  return {
    slept,
    now: () => now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
