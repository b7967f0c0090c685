import { join } from 'node:path';
import { type Client, type Clock, type Logger, createClient, loadConfig } from '@kaito/kube';
import { type ControlPlane, attach, componentNames, runsIn, startControlPlane } from '@kaito/lab-kubernetes';
import type { JsonObject } from '../../store/store.ts';
import type { ClusterSpec, Driver } from './driver.ts';

export interface LabOptions {
  /** Where the control planes' state lies, a folder for each cluster. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The order in which a control plane is stopped; etcd goes on, with what the cluster knows. */
const stopped = componentNames.filter((name) => name !== 'etcd').toReversed();

/**
 * A control plane of its own for each cluster. They outlive the emulator, which finds them again; one that ended with its machine begins anew,
 * empty.
 */
export function labDriver({ directory, clock, logger }: LabOptions): Driver {
  const connections = new Map<string, { readonly client: Client; readonly plane: ControlPlane }>();
  const folder = ({ uid }: ClusterSpec): string => join(directory, uid);

  const running = (cluster: ClusterSpec): ControlPlane | undefined =>
    runsIn(folder(cluster)) ? attach(folder(cluster)) : undefined;

  const forget = ({ uid }: ClusterSpec): void => {
    connections.get(uid)?.client.close();
    connections.delete(uid);
  };

  return {
    shared: false,
    issuer: (planned) => Promise.resolve(planned),
    async start(cluster) {
      const before = running(cluster);
      if (before === undefined) forget(cluster);
      const plane =
        before ??
        (await startControlPlane({
          directory: folder(cluster),
          detached: true,
          issuer: cluster.issuer,
          progress: (line) => logger.log('info', line, { cluster: cluster.id }),
        }));
      const alive = await plane.components();
      for (const name of componentNames) if (!alive.includes(name)) await plane.restart(name);
    },
    async stop(cluster) {
      forget(cluster);
      const plane = running(cluster);
      for (const name of plane === undefined ? [] : stopped) await plane!.kill(name);
    },
    async remove(cluster) {
      forget(cluster);
      await running(cluster)?.stop();
    },
    connect(cluster) {
      const known = connections.get(cluster.uid);
      const plane = known?.plane ?? running(cluster);
      if (plane === undefined) return undefined;
      const { hostKubeconfig: kubeconfig, binaries } = plane;
      const client =
        known?.client ??
        createClient(loadConfig({ clock, kubeconfig, terminal: false }), {
          clock,
          logger,
          userAgent: 'azure-emulator',
        });
      connections.set(cluster.uid, { client, plane });
      return { client, kubeconfig, binaries };
    },
    async signingKeys(cluster) {
      const connection = this.connect(cluster);
      if (connection === undefined) throw new Error(`the API server of ${cluster.id} does not run`);
      return (await connection.client.raw('GET', '/openid/v1/jwks')) as JsonObject;
    },
  };
}
