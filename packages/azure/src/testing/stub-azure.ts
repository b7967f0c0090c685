import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Cloud } from '../cloud.ts';

export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Which connection it came over, counted from 1. */
  readonly connection: number;
}

export interface Reply {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is answered: a reply, `lost` (the connection ends instead), or nothing at all until the server is closed. */
export type StubHandler = (seen: Seen, index: number) => Reply | 'lost' | 'silent';

export interface StubAzure extends AsyncDisposable {
  readonly origin: string;
  /** PEM. */
  readonly certificate: string;
  readonly cloud: Cloud;
  readonly seen: readonly Seen[];
}

interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

let made: SelfSigned | undefined;

function selfSigned(): SelfSigned {
  const pem = execFileSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=stub -addext subjectAltName=IP:127.0.0.1 -keyout - -out -'.split(
      ' ',
    ),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const at = pem.indexOf('-----BEGIN CERTIFICATE');
  return { key: pem.slice(0, at), certificate: pem.slice(at) };
}

/** An HTTPS server on 127.0.0.1 that answers as `handler` says, in the place of Resource Manager and Entra ID. */
export async function stubAzure(handler: StubHandler): Promise<StubAzure> {
  made ??= selfSigned();
  const { certificate, key } = made;
  const seen: Seen[] = [];
  const connections = new Map<unknown, number>();
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const connection = connections.get(request.socket) ?? 0;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString('utf8'), connection });
      answer(response, handler(seen.at(-1)!, seen.length - 1));
    });
  });
  server.on('secureConnection', (socket) => connections.set(socket, connections.size + 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    certificate,
    seen,
    cloud: {
      name: 'Stub',
      resourceManager: origin,
      resourceManagerAudience: origin,
      authorityHost: origin,
      graph: origin,
      registrySuffix: '.azurecr.io',
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, reply: Reply | 'lost' | 'silent'): void {
  if (reply === 'silent') return;
  if (reply === 'lost') {
    response.destroy();
    return;
  }
  const { status = 200, body, headers = {} } = reply;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
}

/** A clock that jumps: whatever waits for pauses waits no time at all, and what it waited for is kept. Time limits are left out. */
export class JumpingClock implements Clock {
  readonly pauses: number[] = [];
  #now = Date.parse('2026-01-01T00:00:00Z');

  now(): Date {
    return new Date(this.#now);
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void, options?: { readonly unref?: boolean }): () => void {
    // Limits keep no process alive; pauses do.
    if (options?.unref === true) return () => {};
    const timer = setImmediate(() => {
      this.pauses.push(ms);
      this.#now += ms;
      callback();
    });
    return () => clearImmediate(timer);
  }

  pass(ms: number): void {
    this.#now += ms;
  }
}

/** An error as Resource Manager answers it. */
export function refusal(status: number, code: string, message: string, headers: Reply['headers'] = {}): Reply {
  return { status, body: { error: { code, message } }, headers };
}
