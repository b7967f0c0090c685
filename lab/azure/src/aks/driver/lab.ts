import { join } from 'node:path';
import { type Client, type Clock, type Logger, createClient, loadConfig } from '@kaito/kube';
import {
  type ControlPlane,
  attach,
  componentNames,
  network,
  runsIn,
  setHosts,
  startControlPlane,
} from '@kaito/lab-kubernetes';
import { addressPool } from '../load-balancers/addresses.ts';
import { runLoadBalancers } from '../load-balancers/controller.ts';
import type { ClusterSpec, Connection, Driver } from './driver.ts';
import { realMachines, runningPlanes } from './real-machines.ts';
import { signingKeysOf } from './signing-keys.ts';

export interface LabOptions {
  /** Where the control planes' state lies, a folder for each cluster. */
  readonly directory: string;
  /** They end with this process, however it ends; default: they outlive it. */
  readonly owned?: boolean;
  /** What clusters' machines find of the cloud, where they are real nodes; absent: they are objects, kept alive by kwok. */
  readonly cloud?: Cloud;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How real nodes reach the emulator. */
export interface Cloud {
  /** Unix socket on which it answers for all its host names. */
  readonly socket: string;
  /** File with the authority that signed its certificates, PEM. */
  readonly authority: string;
}

type Named = Pick<ClusterSpec, 'id' | 'uid'>;

/** Where a machine finds its metadata service. */
const metadata = { address: '169.254.169.254', port: 80 };

/** After how many seconds without a sign of life a real node is NotReady. */
const nodeGraceSeconds = 10;

/**
 * A control plane of its own for each cluster. Where they outlive the emulator it finds them again; one that ended with its machine begins anew,
 * empty.
 */
export function labDriver({ directory, owned = false, cloud, clock, logger }: LabOptions): Driver {
  const clients = new Map<string, Client>();
  const names = componentNames.filter((name) => cloud === undefined || name !== 'kwok');
  /** The order in which a control plane is stopped; etcd goes on, with what the cluster knows. */
  const stopped = names.filter((name) => name !== 'etcd').toReversed();
  const folder = ({ uid }: Named): string => join(directory, uid);

  const running = (cluster: Named): ControlPlane | undefined =>
    runsIn(folder(cluster)) ? attach(folder(cluster)) : undefined;

  const forget = ({ uid }: Named): void => {
    clients.get(uid)?.close();
    clients.delete(uid);
  };

  function connect(cluster: Named): Connection | undefined {
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

  let hosts: readonly string[] = [];
  const addresses = { public: addressPool('203.0.113'), internal: addressPool('10.224.0') };
  const balancing = new Map<string, { readonly until: AbortController; readonly ended: Promise<void> }>();

  /** Gives the cluster's Services of type LoadBalancer addresses, until its control plane is stopped. */
  function balance(cluster: ClusterSpec, plane: ControlPlane): void {
    const connection = connect(cluster);
    if (balancing.has(cluster.uid) || connection === undefined) return;
    const until = new AbortController();
    const { uid } = cluster;
    const ended = runLoadBalancers(
      { plane, client: connection.client, uid, addresses, clock, logger: logger.with({ cluster: cluster.id }) },
      until.signal,
    );
    balancing.set(uid, { until, ended });
  }

  async function balanceNoMore(uid: string): Promise<void> {
    const { until, ended } = balancing.get(uid) ?? {};
    balancing.delete(uid);
    until?.abort();
    await ended;
  }

  /** Leads the cloud's names to the address inside a cluster from which they are carried to the emulator. */
  function leadHosts(plane: ControlPlane): void {
    setHosts(plane, Object.fromEntries(hosts.map((host) => [host, plane.address])));
  }

  function planeOf(cluster: ClusterSpec): ControlPlane {
    const plane = running(cluster);
    if (plane === undefined) throw new Error(`the control plane of ${cluster.id} does not run`);
    return plane;
  }

  return {
    shared: false,
    ...(cloud !== undefined && {
      machines: realMachines(planeOf, cloud, (line) => logger.log('info', line)),
      knowHosts(names: readonly string[]) {
        hosts = names;
        for (const plane of runningPlanes(directory)) leadHosts(plane);
      },
    }),
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
          ...(cloud !== undefined && {
            kwok: false,
            nodeGraceSeconds,
            outlets: [
              { address: network.address, port: 443, socket: cloud.socket },
              { ...metadata, socket: cluster.metadataSocket },
            ],
          }),
          progress: (line) => logger.log('info', line, { cluster: cluster.id }),
        }));
      if (cloud !== undefined) leadHosts(plane);
      const alive = await plane.components();
      for (const name of names) if (!alive.includes(name)) await plane.restart(name);
      if (cloud !== undefined) balance(cluster, plane);
      return before === undefined ? 'made' : 'there';
    },
    async stop(cluster) {
      await balanceNoMore(cluster.uid);
      forget(cluster);
      const plane = running(cluster);
      for (const name of plane === undefined ? [] : stopped) await plane!.kill(name);
    },
    async remove(cluster) {
      await balanceNoMore(cluster.uid);
      forget(cluster);
      await running(cluster)?.stop();
    },
    connect,
    async close() {
      await Promise.all([...balancing.keys()].map((uid) => balanceNoMore(uid)));
    },
    async signingKeys(cluster) {
      const connection = connect(cluster);
      if (connection === undefined) throw new Error(`the API server of ${cluster.id} does not run`);
      return await signingKeysOf(connection.client);
    },
  };
}
