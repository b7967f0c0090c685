import { onTestFinished } from 'vitest';
import type { StreamingClient } from '../client/api-client.ts';
import { createClient } from '../client/create-client.ts';
import type { ClientOptions } from '../client/create-client.ts';
import { systemClock } from '../clock.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { silentLogger } from '../logger.ts';
import { stubServer } from './stub-server.ts';
import type { SelfSigned, StubHandler, StubServer } from './stub-server.ts';

/** A stub server that ends with the test. */
export async function stub(handler: StubHandler, tls?: SelfSigned): Promise<StubServer> {
  const server = await stubServer(handler, tls);
  onTestFinished(() => server.close());
  return server;
}

/** A client that ends with the test. */
export function clientOf(config: ClusterConfig, options: Partial<ClientOptions> = {}): StreamingClient {
  const client = createClient(config, { clock: systemClock, logger: silentLogger, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** What the promise rejects with; undefined where it does not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
