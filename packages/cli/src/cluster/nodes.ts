import { gpuResource } from '@kaito/api';
import { isForbidden, type Live, nodes } from '@kaito/kube';
import { type Facts, type NodeFacts, nothingKnown } from '@kaito/planner';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Cluster } from './connect.ts';

/** What is known of the cluster's nodes; nothing where the person may not list them. `now` in ms. */
export async function factsOfCluster({ client }: Cluster, now: number): Promise<Facts> {
  try {
    const { items } = await client.list(nodes);
    const asOf = new Date(now).toISOString();
    return {
      ...nothingKnown,
      cluster: { state: 'known', asOf, value: { nodes: items.map((node) => nodeFacts(node)) } },
    };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return nothingKnown;
  }
}

function nodeFacts(node: Live<Node>): NodeFacts {
  const memoryBytes = bytesOf(node.status?.capacity?.['memory']);
  return {
    name: node.metadata.name ?? '',
    ready: isReadyNode(node) && node.spec?.unschedulable !== true && node.metadata.deletionTimestamp == null,
    labels: node.metadata.labels ?? {},
    gpuCapacity: gpusOf(node),
    ...(memoryBytes == null ? {} : { memoryBytes }),
  };
}

export function isReadyNode({ status }: Live<Node>): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

/** GPUs that the device plugin has announced. */
export function gpusOf({ status }: Live<Node>): number {
  return Number(status?.capacity?.[gpuResource] ?? 0);
}

const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of a quantity as nodes report their memory; undefined for what is none. */
export function bytesOf(quantity: string | undefined): number | undefined {
  const match = /^(\d+)([kMGT]|[KMGT]i)?$/.exec(quantity ?? '');
  return match == null ? undefined : Number(match[1]) * factors[match[2] ?? '']!;
}
