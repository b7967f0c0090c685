import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import { rm } from 'node:fs/promises';
import type { AddressInfo, ListenOptions } from 'node:net';
import type { Clock } from '@kaito/kube';
import {
  ImdsError,
  imdsIdentityNotFound,
  imdsManyIdentities,
  imdsNeedsHeader,
  imdsNeedsResource,
  imdsPathUnknown,
  imdsResourceUnknown,
  imdsVersion,
} from '../errors/imds-errors.ts';
import type { JsonObject } from '../store/store.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Audiences } from './audiences.ts';
import type { Directory } from './directory.ts';
import type { Principal } from './principals.ts';

const versions = ['2018-02-01', '2019-08-01', '2019-11-01', '2020-06-01', '2021-02-01'];

export interface Imds {
  /** Begins the metadata service of one machine that has these identities (resource ids, object ids or client ids). @returns its address, e.g. `http://127.0.0.1:45123` */
  listen(identities: readonly string[], address?: string | undefined, port?: number | undefined): Promise<string>;
  /** The same on a unix socket, which is made anew; nothing where it listens there already. */
  listenAt(identities: readonly string[], socket: string): Promise<void>;
  close(): Promise<void>;
}

/** Instance metadata services: each of them is that of one machine. */
export function createImds(options: {
  readonly directory: Directory;
  readonly tokens: AccessTokens;
  readonly audiences: Audiences;
  readonly clock: Clock;
}): Imds {
  const { directory, tokens, audiences, clock } = options;
  const servers: Server[] = [];

  const principalOf = (id: string): Principal | undefined =>
    directory.find(id) ??
    directory.list().find(({ alternativeId }) => alternativeId?.toLowerCase() === id.toLowerCase());

  function answer(request: IncomingMessage, identities: readonly string[]): JsonObject {
    const url = new URL(request.url ?? '/', 'http://169.254.169.254');
    if (
      request.headers['metadata']?.toString().toLowerCase() !== 'true' ||
      request.headers['x-forwarded-for'] !== undefined
    )
      throw imdsNeedsHeader();
    if (request.method !== 'GET' || url.pathname !== '/metadata/identity/oauth2/token') throw imdsPathUnknown();
    const query = url.searchParams;
    if (!versions.includes(query.get('api-version') ?? '')) throw imdsVersion(versions);
    const resource = query.get('resource');
    if (resource === null || resource === '') throw imdsNeedsResource();
    if (!audiences.known(resource)) throw imdsResourceUnknown(resource);
    const principals = identities.flatMap((id) => principalOf(id) ?? []);
    const wanted =
      query.get('client_id') ?? query.get('object_id') ?? query.get('msi_res_id') ?? query.get('mi_res_id');
    if (wanted === null && principals.length > 1) throw imdsManyIdentities();
    const chosen = wanted === null ? principals[0] : principals.find((each) => each === principalOf(wanted));
    if (chosen === undefined) throw imdsIdentityNotFound();
    const { token, expiresInSeconds } = tokens.issue(chosen, resource, { by: 'managed-identity' });
    const now = Math.floor(clock.now().getTime() / 1000);
    return {
      access_token: token,
      client_id: chosen.appId,
      expires_in: String(expiresInSeconds),
      expires_on: String(now + expiresInSeconds),
      ext_expires_in: String(expiresInSeconds),
      not_before: String(now),
      resource,
      token_type: 'Bearer',
    };
  }

  const sockets = new Map<string, Promise<void>>();

  async function begin(identities: readonly string[], at: ListenOptions): Promise<Server> {
    const server = createServer((request, response) => {
      let status = 200;
      let body: JsonObject;
      try {
        body = answer(request, identities);
      } catch (error) {
        if (!(error instanceof ImdsError)) throw error;
        status = error.status;
        body = { error: error.error, error_description: error.message };
      }
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
    });
    server.listen(at);
    await once(server, 'listening');
    servers.push(server);
    return server;
  }

  return {
    async listen(identities, address = '127.0.0.1', port = 0) {
      const server = await begin(identities, { host: address, port });
      return `http://${address}:${(server.address() as AddressInfo).port}`;
    },
    async listenAt(identities, socket) {
      const listening =
        sockets.get(socket) ??
        rm(socket, { force: true }).then(async () => void (await begin(identities, { path: socket })));
      sockets.set(socket, listening);
      await listening;
    },
    async close() {
      for (const server of servers.splice(0)) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}
