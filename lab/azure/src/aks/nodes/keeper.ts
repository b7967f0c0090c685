import type { Node } from 'kubernetes-types/core/v1.js';
import { type Client, type Clock, type Live, type Logger, isNotFound, namespaces, nodes } from '@kaito/kube';
import type { Resource, Store } from '../../store/store.ts';
import { settings } from '../settings.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';
import { join, syncGpus, syncReadiness, syncSpec } from './machine-node.ts';
import { machinesOf } from './machines.ts';
import { clusterLabel, clusterLabelValue, gpusOf } from './node-object.ts';

export interface KeeperDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Requests to an API server at once. */
const parallel = 16;

/**
 * Brings a cluster's nodes in line with its machines, once; a node whose machine is gone goes too, as the cloud's controller does it.
 *
 * @returns ms until it must look again, where time alone changes something
 */
export async function convergeNodes(
  deps: KeeperDeps,
  client: Client,
  cluster: Resource,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { store, clock } = deps;
  const [system, list] = await Promise.all([
    client.get(namespaces, { name: 'kube-system' }, { signal }),
    client.list(nodes, { labelSelector: `${clusterLabel}=${clusterLabelValue(cluster)}`, signal }),
  ]);
  const unclaimed = new Map(list.items.map((node) => [node.metadata.name!, node]));
  const now = clock.now();
  const { gpuDelayMs } = settings(store);
  const waits: number[] = [];
  const work: (() => Promise<unknown>)[] = [];
  for (const machine of machinesOf(store, cluster.id)) {
    const pool = store.get(machine.pool);
    const node = unclaimed.get(machine.name);
    unclaimed.delete(machine.name);
    if (pool === undefined) continue;
    const behaviour = behaviourOf(store, pool.name);
    const source = { cluster, pool, machine };
    const { joined } = machine;
    if (joined === undefined || joined.at !== system.metadata.uid) {
      const wait = joinsIn(behaviour, machine.created, now);
      if (wait === undefined) continue;
      if (wait > 0) waits.push(wait);
      else {
        work.push(() => join(store, client, source, { at: system.metadata.uid!, time: now.toISOString() }));
        if (gpusOf(pool) > 0 && behaviour.gpus) waits.push(gpuDelayMs);
      }
      continue;
    }
    // A kubelet does not register a second time: a node that somebody deleted stays away.
    if (node === undefined || node.metadata.deletionTimestamp !== undefined) continue;
    const gpusWait = Date.parse(joined.time) + gpuDelayMs - now.getTime();
    if (gpusOf(pool) > 0 && behaviour.gpus && gpusWait > 0) waits.push(gpusWait);
    const gpus = behaviour.gpus && gpusWait <= 0 ? gpusOf(pool) : 0;
    work.push(async () => {
      await syncSpec(store, client, source, node);
      await syncGpus(client, node, gpus);
      if (await syncReadiness(client, node, behaviour.ready, now)) waits.push(2_000);
    });
  }
  for (const node of unclaimed.values()) work.push(() => removeNode(deps, client, node));
  for (let from = 0; from < work.length; from += parallel)
    await Promise.all(work.slice(from, from + parallel).map((each) => each()));
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** ms until a machine's node joins; undefined: never. */
export function joinsIn({ joins, bootDelayMs }: Behaviour, created: string, now: Date): number | undefined {
  return joins === 'never' ? undefined : Math.max(0, Date.parse(created) + bootDelayMs - now.getTime());
}

/** Takes a node away whose machine is gone, as the cloud's controller does. */
export async function removeNode({ logger }: KeeperDeps, client: Client, node: Live<Node>): Promise<void> {
  if (node.metadata.deletionTimestamp !== undefined) return;
  const ref = { name: node.metadata.name! };
  try {
    await client.patch(nodes, ref, { type: 'merge', body: { spec: { unschedulable: true } } });
    await client.delete(nodes, ref);
    logger.log('info', 'node removed', { node: ref.name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
