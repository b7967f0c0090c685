import { type Clock, type Logger, createClient, loadConfig } from '@kaito/kube';
import type { Connection, Driver } from './driver.ts';
import { signingKeysOf } from './signing-keys.ts';

export interface AttachedOptions {
  /** Administrator's kubeconfig of the API server that stands for every cluster's. */
  readonly kubeconfig: string;
  /** Folder of helm. */
  readonly binaries: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One API server that is there already stands behind all clusters: its issuer is theirs, and it is never stopped. */
export function attachedDriver({ kubeconfig, binaries, clock, logger }: AttachedOptions): Driver {
  const client = createClient(loadConfig({ clock, kubeconfig, terminal: false }), {
    clock,
    logger,
    userAgent: 'azure-emulator',
  });
  const connection: Connection = { client, kubeconfig, binaries };
  return {
    shared: true,
    async issuer() {
      const { issuer } = (await client.raw('GET', '/.well-known/openid-configuration')) as { readonly issuer: string };
      return issuer;
    },
    async start() {
      await client.raw('GET', '/readyz');
      return 'there';
    },
    stop: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    connect: () => connection,
    signingKeys: () => signingKeysOf(client),
  };
}
