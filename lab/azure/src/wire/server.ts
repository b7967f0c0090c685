import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Server, createServer } from 'node:https';
import { type AddressInfo, type Server as SocketServer, createServer as createSocketServer } from 'node:net';
import { type SecureContext, createSecureContext } from 'node:tls';
import type { Logger } from '@kaito/kube';
import type { CertificateAuthority } from '../tls/authority.ts';
import type { HostService } from './service.ts';
import type { WireFaults } from './wire-faults.ts';
import type { RequestLog } from './request-log.ts';

export interface WireOptions {
  readonly authority: CertificateAuthority;
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** A unix socket that leads here too, for those in other network namespaces. */
  readonly socket?: string;
  readonly faults: WireFaults;
  readonly requests: RequestLog;
  readonly logger: Logger;
}

export interface Wire {
  readonly port: number;
  /** Those who are asked first, in their order, whether they serve a call. */
  services: readonly HostService[];
  close(): Promise<void>;
}

/** Listens with TLS, shows each host name its own certificate, and hands each call to whoever serves its host. */
export async function listen(options: WireOptions): Promise<Wire> {
  const contexts = new Map<string, Promise<SecureContext>>();
  const contextOf = (host: string): Promise<SecureContext> => {
    let context = contexts.get(host);
    if (context === undefined) {
      context = options.authority
        .serverCertificate(host)
        .then(({ certificate, key }) => createSecureContext({ cert: certificate, key }));
      contexts.set(host, context);
    }
    return context;
  };
  const show = async (host: string, done: (error: Error | null, context?: SecureContext) => void): Promise<void> => {
    try {
      done(null, await contextOf(host.toLowerCase()));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  };
  // Who names no host gets the certificate of localhost and its addresses.
  const first = await options.authority.serverCertificate('localhost');
  const server: Server = createServer({
    cert: first.certificate,
    key: first.key,
    // Uploads of gigabytes take their time.
    requestTimeout: 0,
    SNICallback: (host, done) => void show(host, done),
  });
  const wire: { services: readonly HostService[] } = { services: [] };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    options.requests.begin(request, response);
    const fault = options.faults.take(request);
    if (fault !== undefined && !(await options.faults.strike(fault, request, response))) return;
    const host = (request.headers.host ?? '').toLowerCase();
    const path = (request.url ?? '/').split('?')[0]!;
    const service = wire.services.find((each) => each.serves(host, path) || each.serves(bare(host), path));
    if (service === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`nobody answers at ${host}\n`);
      return;
    }
    await service.handle(request, response);
  }

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.destroyed) options.logger.log('error', 'a call failed by a defect', { path: request.url, error });
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.listen(options.port, options.address);
  await once(server, 'listening');
  const beside = options.socket === undefined ? undefined : await listenBeside(server, options.socket);
  return {
    port: (server.address() as AddressInfo).port,
    get services() {
      return wire.services;
    },
    set services(services) {
      wire.services = services;
    },
    async close() {
      beside?.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Hands the connections of a unix socket, which is made anew, to a server. */
async function listenBeside(server: Server, socket: string): Promise<SocketServer> {
  rmSync(socket, { force: true });
  const beside = createSocketServer((connection) => void server.emit('connection', connection));
  beside.listen(socket);
  await once(beside, 'listening');
  return beside;
}

function bare(host: string): string {
  return host.replace(/:\d+$/, '');
}
