import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@kaito/kube';
import { ArmError } from '../errors/arm-error.ts';
import { adminPathUnknown } from '../errors/admin-errors.ts';
import { matchPath, pathPattern } from '../wire/path-pattern.ts';
import { readBody } from '../wire/request-body.ts';
import type { AdminRoute } from '../wire/service.ts';

export interface AdminServer {
  /** E.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves what only the lab has, as plain HTTP on loopback. */
export async function startAdmin(routes: readonly AdminRoute[], port: number, logger: Logger): Promise<AdminServer> {
  const patterns = routes.map((route) => ({ route, pattern: pathPattern(route.path) }));

  async function answer(request: IncomingMessage): Promise<unknown> {
    const path = decodeURIComponent((request.url ?? '/').split('?')[0]!);
    for (const { route, pattern } of patterns) {
      const parameters = route.method === request.method ? matchPath(pattern, path) : undefined;
      if (parameters !== undefined) return await route.handle(parameters, (await readBody(request)) ?? {});
    }
    const known = routes.map(({ method, path }) => `${method} ${path}`);
    if (path === '/') return known;
    throw adminPathUnknown(request.method ?? '', path, known);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await answer(request);
      if (body === undefined) response.writeHead(204).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch (error) {
      if (!(error instanceof ArmError)) logger.log('error', 'an admin call failed by a defect', { error });
      const [status, code, message] =
        error instanceof ArmError
          ? [error.status, error.code, error.message]
          : [500, 'InternalServerError', String(error)];
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { code, message } }));
    }
  }

  const server = createServer((request, response) => void serve(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
