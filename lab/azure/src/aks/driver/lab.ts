import { join } from 'node:path';
import { type Client, type Clock, type Logger, createClient, loadConfig } from '@kaito/kube';
import { type ControlPlane, attach, componentNames, runsIn, startControlPlane } from '@kaito/lab-kubernetes';
import type { ClusterSpec, Connection, Driver } from './driver.ts';
import { signingKeysOf } from './signing-keys.ts';

export interface LabOptions {
  /** Where the control planes' state lies, a folder for each cluster. */
  readonly directory: string;
  /** They end with this process, however it ends; default: they outlive it. */
  readonly owned?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The order in which a control plane is stopped; etcd goes on, with what the cluster knows. */
const stopped = componentNames.filter((name) => name !== 'etcd').toReversed();

/**
 * A control plane of its own for each cluster. Where they outlive the emulator it finds them again; one that ended with its machine begins anew,
 * empty.
 */
export function labDriver({ directory, owned = false, clock, logger }: LabOptions): Driver {
  const clients = new Map<string, Client>();
  const folder = ({ uid }: ClusterSpec): string => join(directory, uid);

  const running = (cluster: ClusterSpec): ControlPlane | undefined =>
    runsIn(folder(cluster)) ? attach(folder(cluster)) : undefined;

  const forget = ({ uid }: ClusterSpec): void => {
    clients.get(uid)?.close();
    clients.delete(uid);
  };

  function connect(cluster: ClusterSpec): Connection | undefined {
    const plane = running(cluster);
    if (plane === undefined) {
      forget(cluster);
      return undefined;
    }
    const { hostKubeconfig: kubeconfig, binaries } = plane;
    const client =
      clients.get(cluster.uid) ??
      createClient(loadConfig({ clock, kubeconfig, terminal: false }), { clock, logger, userAgent: 'azure-emulator' });
    clients.set(cluster.uid, client);
    return { client, kubeconfig, binaries };
  }

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
          detached: !owned,
          issuer: cluster.issuer,
          progress: (line) => logger.log('info', line, { cluster: cluster.id }),
        }));
      const alive = await plane.components();
      for (const name of componentNames) if (!alive.includes(name)) await plane.restart(name);
      return before === undefined ? 'made' : 'there';
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
    connect,
    async signingKeys(cluster) {
      const connection = connect(cluster);
      if (connection === undefined) throw new Error(`the API server of ${cluster.id} does not run`);
      return await signingKeysOf(connection.client);
    },
  };
}
