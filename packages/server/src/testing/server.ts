import type { Server } from 'node:http';
import { openEchoEngine } from '../engine/echo/engine.ts';
import type { EchoEngineOptions } from '../engine/echo/engine.ts';
import type { Engine } from '../engine/engine.ts';
import { createApp } from '../http/app.ts';
import { bearerCheck } from '../http/auth.ts';
import { createHttpServer, defaultConnectionLimits, listen } from '../http/server.ts';
import type { ConnectionLimits } from '../http/server.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Service } from '../service.ts';
import type { ServiceOptions } from '../service.ts';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly service: Service;
  readonly engine: Engine;
  readonly internalErrors: unknown[];
  /** POSTs JSON, or text as it is. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface TestServerOptions {
  readonly engine?: Engine;
  readonly echo?: Partial<EchoEngineOptions>;
  readonly service?: Partial<ServiceOptions>;
  readonly limits?: Partial<ConnectionLimits>;
  readonly apiKey?: string;
  /** Leave the model loading. */
  readonly loading?: boolean;
}

/** The whole HTTP surface over the echo engine on a port of its own, in this process. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const internalErrors: unknown[] = [];
  const metrics = new Metrics();
  const serviceOptions: ServiceOptions = {
    modelId: 'echo',
    api: 'text-generation',
    chatTemplate: 'auto',
    maxBodyBytes: 1_048_576,
    stallMs: 30_000,
    generation: { maxQueue: 64, requestTimeoutMs: 60_000 },
    ...options.service,
  };
  const clock = { monotonic: () => performance.now(), epoch: () => Date.parse('2026-01-01T00:00:00Z') };
  const service = new Service(serviceOptions, metrics, clock, (error) => internalErrors.push(error));
  metrics.watch(service);
  const engine = options.engine ?? openEchoEngine({ loadedAt: '2026-01-01T00:00:00Z', ...options.echo });
  if (options.loading !== true) service.ready(engine);
  const authorize = options.apiKey === undefined ? {} : { authorize: bearerCheck(options.apiKey) };
  const app = createApp({ service, metrics, ...authorize });
  const limits = { ...defaultConnectionLimits, maxBodyBytes: serviceOptions.maxBodyBytes, ...options.limits };
  const server = createHttpServer(app, limits);
  const { url, port } = await listen(server, '127.0.0.1', 0);
  return {
    url,
    port,
    server,
    service,
    engine,
    internalErrors,
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
      await engine.close();
    },
  };
}
