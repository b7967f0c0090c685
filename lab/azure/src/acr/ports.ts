import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@kaito/kube';
import type { Table } from '../store/store.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Https ports of the loopback, one for each host name that this machine cannot look up. */
export interface Ports {
  /** Opens the port of a host name, the same as the last time where it is still free. @throws Error once they are all closed */
  open(host: string, handler: Handler): Promise<number>;
  close(host: string): Promise<void>;
  /** Closes them all, and opens no more. Their numbers are kept. */
  closeAll(): Promise<void>;
}

/**
 * @param kept the port of each host name
 * @param certificate of `localhost`
 */
export function createPorts(
  kept: Table<number>,
  certificate: () => Promise<{ readonly certificate: string; readonly key: string }>,
  logger: Logger,
): Ports {
  const servers = new Map<string, Promise<Server>>();
  let ended = false;

  async function listen(host: string, handler: Handler): Promise<Server> {
    const { certificate: cert, key } = await certificate();
    // Uploads of gigabytes take their time.
    const server = createServer(
      { cert, key, requestTimeout: 0 },
      (request, response) => void handler(request, response),
    );
    const wanted = kept.get(host) ?? 0;
    try {
      server.listen(wanted, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      logger.log('warn', 'a registry gets another port: its own is taken', { host, port: wanted });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    kept.put(host, portOf(server));
    return server;
  }

  async function end(host: string): Promise<void> {
    const server = await servers.get(host);
    servers.delete(host);
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  return {
    async open(host, handler) {
      if (ended) throw new Error(`no port is opened for ${host}: the emulator ends`);
      const opening = servers.get(host) ?? listen(host, handler);
      servers.set(host, opening);
      return portOf(await opening);
    },
    async close(host) {
      await end(host);
      kept.delete(host);
    },
    async closeAll() {
      ended = true;
      await Promise.allSettled([...servers.keys()].map(end));
    },
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
