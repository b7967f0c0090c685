import { namespaces, nodes } from '@kaito/kube';
import type { Resource } from '../../store/store.ts';
import type { ClusterSpec, Connection, MachineOrder, RealMachines } from '../driver/driver.ts';
import { partsOf, providerId } from '../names.ts';
import { behaviourOf } from './behaviour.ts';
import { type KeeperDeps, joinsIn, removeNode } from './keeper.ts';
import { keyOf, remember, syncSpec } from './machine-node.ts';
import { machinesOf } from './machines.ts';
import { type NodeSource, clusterLabel, clusterLabelValue, gpusOf, nodeLabels, startTaints } from './node-object.ts';

export interface MachinesOf {
  readonly cluster: Resource;
  readonly spec: ClusterSpec;
  readonly connection: Connection;
}

/**
 * Boots the real machines that a cluster should have and does not, all at once; ends those that it should not have; once.
 *
 * @returns ms until it must look again, where time alone changes something
 */
export async function convergeMachines(
  deps: KeeperDeps,
  real: RealMachines,
  { cluster, spec, connection: { client } }: MachinesOf,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { store, clock, logger } = deps;
  const [system, list, running] = await Promise.all([
    client.get(namespaces, { name: 'kube-system' }, { signal }),
    client.list(nodes, { labelSelector: `${clusterLabel}=${clusterLabelValue(cluster)}`, signal }),
    real.running(spec),
  ]);
  const unclaimed = new Map(list.items.map((node) => [node.metadata.name!, node]));
  const ended = new Set(running);
  const now = clock.now();
  const waits: number[] = [];
  const work: Promise<unknown>[] = [];
  for (const machine of machinesOf(store, cluster.id)) {
    const { name, joined } = machine;
    const pool = store.get(machine.pool);
    const node = unclaimed.get(name);
    unclaimed.delete(name);
    const runs = ended.delete(name);
    if (pool === undefined) continue;
    const behaviour = behaviourOf(store, pool.name);
    const source = { cluster, pool, machine };
    const here = { at: system.metadata.uid!, time: now.toISOString() };
    if (joined?.at !== here.at) {
      const wait = joinsIn(behaviour, machine.created, now);
      if (wait === undefined) continue;
      if (wait > 0) waits.push(wait);
      // An emulator that ended meanwhile had booted it.
      else if (runs) remember(store, source, here);
      else {
        logger.log('info', 'machine boots', { machine: name });
        const order = { ...orderOf(source, behaviour.gpus), ...bandwidth(behaviour.downloadMbit) };
        work.push(real.boot(spec, order).then(() => remember(store, source, here)));
      }
    } else if (runs && !behaviour.ready) work.push(real.kill(spec, name));
    else if (node !== undefined && node.metadata.deletionTimestamp === undefined)
      work.push(syncSpec(store, client, source, node));
  }
  for (const name of ended) {
    unclaimed.delete(name);
    logger.log('info', 'machine ends', { machine: name });
    work.push(real.remove(spec, name));
  }
  for (const node of unclaimed.values()) work.push(removeNode(deps, client, node));
  const failed = (await Promise.allSettled(work)).find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return waits.length === 0 ? undefined : Math.min(...waits);
}

const bandwidth = (downloadMbit: number): Pick<MachineOrder, 'downloadMbit'> =>
  downloadMbit === 0 ? {} : { downloadMbit };

function orderOf(source: NodeSource, showsGpus: boolean): MachineOrder {
  const { cluster, pool, machine } = source;
  const labels = nodeLabels(source);
  return {
    name: machine.name,
    labels,
    taints: startTaints(pool).map(keyOf),
    gpus: showsGpus ? gpusOf(pool) : 0,
    instanceType: String(labels['node.kubernetes.io/instance-type']),
    diskGiB: Number(pool.properties['osDiskSizeGB']),
    providerId: providerId(
      partsOf(cluster.id).subscriptionId,
      String(cluster.properties['nodeResourceGroup']),
      machine.scaleSet,
      machine.index,
    ),
  };
}
