import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Metrics } from '../metrics/metrics.ts';
import type { Service } from '../service.ts';
import { errorBody, errorHeaders, HttpError, toHttpError } from './errors.ts';
import type { ErrorFamily } from './errors.ts';
import { routes } from './routes.ts';

export interface HttpEnv {
  Bindings: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
}

export interface AppParts {
  readonly service: Service;
  readonly metrics: Metrics;
  /** Throws when the `Authorization` header does not carry the key; absent: everyone is served. */
  readonly authorize?: (authorization: string | undefined) => void;
}

const requestIdPattern = /^[\w.:-]{1,128}$/;

/**
 * The HTTP surface: every route with its request id, key check, metrics and error shape. Runs behind node:http only, since it reads bodies from, and
 * streams to, the raw connection.
 */
export function createApp(parts: AppParts): Hono<HttpEnv> {
  const { service, metrics, authorize } = parts;
  const now = () => service.clock.monotonic();
  const app = new Hono<HttpEnv>();
  const table = routes(parts);
  const known = new Map<string, ErrorFamily>(table.map((route) => [route.path, route.family]));

  app.use(async (c, next) => {
    const began = now();
    const { incoming, outgoing } = c.env;
    const given = incoming.headers['x-request-id'];
    outgoing.setHeader(
      'X-Request-Id',
      typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID(),
    );
    if (service.state === 'draining') outgoing.setHeader('Connection', 'close');
    const route = known.has(c.req.path)
      ? c.req.path
      : c.req.path.startsWith('/v1/models/')
        ? '/v1/models/{id}'
        : 'other';
    outgoing.once('close', () => metrics.request(route, methodLabel(c.req.method), outgoing.statusCode, now() - began));
    if (authorize !== undefined && c.req.path !== '/healthz') authorize(incoming.headers.authorization);
    await next();
    if (!outgoing.headersSent) outgoing.setTimeout(service.options.stallMs, () => outgoing.destroy());
  });

  for (const route of table) {
    app.on(route.method, route.path.replace('{id}', ':id{.+}'), route.handle);
  }
  for (const path of known.keys()) {
    const allow = table.filter((route) => route.path === path).map((route) => route.method);
    app.all(path.replace('{id}', ':id{.+}'), () => {
      throw new HttpError(405, 'Method Not Allowed', {
        code: 'method_not_allowed',
        headers: { Allow: allow.join(', ') },
      });
    });
  }

  app.notFound((c) => {
    const openai = familyOf(c.req.path) === 'openai';
    const text = openai ? `There is no ${c.req.method} ${c.req.path} here.` : 'Not Found';
    return respond(c, new HttpError(404, text, { code: 'unknown_url' }));
  });
  app.onError((error, c) => {
    const told = toHttpError(error);
    if (told.status === 500) service.internalError(told.options.cause ?? error);
    return respond(c, told);
  });

  function respond(c: Context<HttpEnv>, error: HttpError): Response {
    const family = known.get(c.req.path) ?? familyOf(c.req.path);
    return c.json(errorBody(family, error), error.status, errorHeaders(error));
  }
  return app;
}

function familyOf(path: string): ErrorFamily {
  return path === '/v1' || path.startsWith('/v1/') ? 'openai' : 'detail';
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Only known methods become labels: a client must not be able to make series. */
function methodLabel(method: string): string {
  return methods.has(method) ? method : 'other';
}
