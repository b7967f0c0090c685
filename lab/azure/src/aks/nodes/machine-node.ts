import type { Node } from 'kubernetes-types/core/v1.js';
import { type Client, type Live, isAlreadyExists, nodes } from '@kaito/kube';
import type { Store } from '../../store/store.ts';
import type { Taint } from '../agent-pools/node-syntax.ts';
import { type Joined, noteJoined } from './machines.ts';
import { type NodeSource, gpuResource, nodeLabels, nodeObject, nodeTaints } from './node-object.ts';

/** What happens to the node of one machine. */

/** Registers the node, and remembers of what it was made. */
export async function join(
  store: Store,
  client: Client,
  source: NodeSource,
  joined: Pick<Joined, 'at' | 'time'>,
): Promise<void> {
  try {
    await client.create(nodes, nodeObject(source));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  remember(store, source, joined);
}

/** Notes what a machine's node was made of. */
export function remember(store: Store, source: NodeSource, joined: Pick<Joined, 'at' | 'time'>): void {
  const labels = nodeLabels(source);
  const taints = nodeTaints(source.pool).map(keyOf);
  noteJoined(store, source.machine, { at: joined.at, time: joined.time, labels, taints });
}

export const keyOf = ({ key, value = '', effect }: Taint): string => `${key}=${value}:${effect}`;

/** Labels and taints of the pool that changed since the node was made of them; what others put on the node stays. */
export async function syncSpec(store: Store, client: Client, source: NodeSource, node: Live<Node>): Promise<void> {
  const { joined } = source.machine;
  if (joined === undefined) return;
  const wanted = nodeLabels(source);
  const labels: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(wanted)) if (joined.labels[key] !== value) labels[key] = value;
  for (const key of Object.keys(joined.labels)) if (!(key in wanted)) labels[key] = null;
  const taints = nodeTaints(source.pool);
  const retainted = taints.map(keyOf).join() !== joined.taints.join();
  if (Object.keys(labels).length === 0 && !retainted) return;
  const others = (node.spec?.taints ?? []).filter((taint) => !joined.taints.includes(keyOf(taint as Taint)));
  const ref = { name: node.metadata.name! };
  const { resourceVersion } = node.metadata;
  await client.patch(nodes, ref, {
    type: 'merge',
    body: { metadata: { labels, resourceVersion }, ...(retainted && { spec: { taints: [...others, ...taints] } }) },
  });
  remember(store, source, joined);
}

/** Shows as many GPUs as the device plugin would. */
export async function syncGpus(client: Client, node: Live<Node>, gpus: number): Promise<void> {
  const shown = node.status?.capacity?.[gpuResource];
  if ((shown ?? '0') === String(gpus)) return;
  const amount = gpus === 0 ? null : String(gpus);
  await client.patch(
    nodes,
    { name: node.metadata.name! },
    {
      type: 'merge',
      body: { status: { capacity: { [gpuResource]: amount }, allocatable: { [gpuResource]: amount } } },
    },
    { subresource: 'status' },
  );
}

const alive = 'kwok.x-k8s.io/node';

/**
 * Takes the node out of kwok's hands, and says NotReady, or gives it back. @returns whether it must be looked at again: kwok's last beat may
 * come after it
 */
export async function syncReadiness(client: Client, node: Live<Node>, ready: boolean, now: Date): Promise<boolean> {
  const ref = { name: node.metadata.name! };
  const kept = node.metadata.annotations?.[alive] === 'fake';
  if (kept !== ready)
    await client.patch(nodes, ref, {
      type: 'merge',
      body: { metadata: { annotations: { [alive]: ready ? 'fake' : 'silent' } } },
    });
  if (ready) return false;
  if (node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'False') return false;
  const time = now.toISOString();
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'KubeletNotReady',
    message: 'container runtime is down',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  };
  await client.patch(
    nodes,
    ref,
    { type: 'strategic', body: { status: { conditions: [condition] } } },
    { subresource: 'status' },
  );
  return true;
}
