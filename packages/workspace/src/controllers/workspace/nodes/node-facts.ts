import {
  gpuResource,
  instanceTypeLabel,
  ragEngineLabel,
  ragEngineNamespaceLabel,
  workspaceLabel,
  workspaceNamespaceLabel,
} from '@kaito/api';
import { amount, conditionOf } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Live } from '../../../cache/caches.ts';

export function labelsOf(node: Live<Node>): Readonly<Record<string, string>> {
  return node.metadata.labels ?? {};
}

/** RFC 3339 since when a node is not Ready; undefined while it is. A node that has never said counts from its creation. */
export function notReadySince(node: Live<Node>): string | undefined {
  const ready = conditionOf(node.status?.conditions, 'Ready');
  if (ready?.status === 'True') return undefined;
  return ready?.lastTransitionTime ?? node.metadata.creationTimestamp ?? '';
}

const pressureTypes: readonly string[] = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

export function pressuresOf(node: Live<Node>): readonly string[] {
  return (node.status?.conditions ?? [])
    .filter(({ type, status }) => status === 'True' && pressureTypes.includes(type))
    .map(({ type }) => type);
}

/** GPUs that the device plugin has announced; 0 where there is none. */
export function gpuCapacity(node: Live<Node>): number {
  return amount(node.status?.capacity?.[gpuResource]) ?? 0;
}

/** GPUs that pods may have in all. */
export function gpuAllocatable(node: Live<Node>): number {
  return amount(node.status?.allocatable?.[gpuResource]) ?? gpuCapacity(node);
}

/** Bytes of memory that pods may have in all; undefined where the node does not say. */
export function memoryAllocatable(node: Live<Node>): number | undefined {
  return amount(node.status?.allocatable?.['memory']);
}

export function instanceTypeOf(node: Live<Node>): string | undefined {
  return labelsOf(node)[instanceTypeLabel];
}

/** Whose a machine is by its labels: `Workspace team/phi`, and the key where it is a Workspace. */
export function ownerOf(node: Live<Node>): { readonly name: string; readonly key?: string } | undefined {
  const labels = labelsOf(node);
  const workspace = labels[workspaceLabel];
  if (workspace !== undefined) {
    const key = `${labels[workspaceNamespaceLabel] ?? 'default'}/${workspace}`;
    return { name: `Workspace ${key}`, key };
  }
  const engine = labels[ragEngineLabel];
  return engine === undefined
    ? undefined
    : { name: `RAGEngine ${labels[ragEngineNamespaceLabel] ?? 'default'}/${engine}` };
}

/** Whether two states of a node differ in anything that a choice of nodes looks at; heartbeats and images do not. */
export function differs(a: Live<Node>, b: Live<Node>): boolean {
  return a !== b && fingerprint(a) !== fingerprint(b);
}

function fingerprint(node: Live<Node>): string {
  return JSON.stringify([
    node.metadata.uid,
    node.metadata.deletionTimestamp !== undefined,
    node.spec?.unschedulable === true,
    node.spec?.taints?.map(({ key, value, effect }) => [key, value, effect]),
    notReadySince(node),
    pressuresOf(node),
    gpuCapacity(node),
    gpuAllocatable(node),
    memoryAllocatable(node),
    Object.entries(labelsOf(node)).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  ]);
}
