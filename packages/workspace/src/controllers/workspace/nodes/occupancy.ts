import { workspaceLabel } from '@kaito/api';
import { keyOf } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { type Caches, indexes, type Live } from '../../../cache/caches.ts';
import { type Demand, demandOfPod, greater, nothing, plus } from './demand.ts';
import type { NodeLedger } from './ledger.ts';
import { gpuAllocatable, memoryAllocatable } from './node-facts.ts';
import { isOlder, type NodeRequest } from './node-request.ts';

/** What is free on a node for one Workspace, and who has the rest. */
export interface Room {
  readonly gpus: number;
  /** Undefined: the node does not say how much it has. */
  readonly memoryBytes: number | undefined;
  /** Keys of the Workspaces that hold some of it, in order of name. */
  readonly heldBy: readonly string[];
}

/**
 * The room on a node for this Workspace: what pods may have in all, less what other Workspaces' pods there ask for, less what others have
 * reserved whose pods are not there yet (`status.workerNodes`, and this process's own promises). `keeps`: the Workspace has the node already,
 * so that only reservations of older ones go before its own.
 */
export function roomOn(
  node: Live<Node>,
  request: NodeRequest,
  caches: Pick<Caches, 'pods' | 'workspaces'>,
  ledger: NodeLedger,
  keeps: boolean,
): Room {
  const name = node.metadata.name ?? '';
  const inUse = new Map<string, Demand>();
  for (const pod of caches.pods.byIndex(indexes.node, name)) {
    const workspace = pod.metadata.labels?.[workspaceLabel];
    const key = `${pod.metadata.namespace ?? ''}/${workspace ?? ''}`;
    if (workspace === undefined || key === request.key) continue;
    inUse.set(key, plus(inUse.get(key) ?? nothing, demandOfPod(pod)));
  }
  const reserve = (key: string, other: { createdAt: string; uid: string }, demand: Demand) => {
    if (key === request.key || (keeps && !isOlder(other, request))) return;
    inUse.set(key, greater(inUse.get(key) ?? nothing, demand));
  };
  const promised = new Set<string>();
  for (const { request: other, demand } of ledger.holdsOn(name)) {
    const there = caches.workspaces.get(other.key);
    if (there?.metadata.uid !== other.uid || there.metadata.deletionTimestamp !== undefined) continue;
    promised.add(other.uid);
    reserve(other.key, other, demand);
  }
  const allGpus = gpuAllocatable(node);
  for (const other of caches.workspaces.byIndex(indexes.workerNode, name)) {
    const { uid = '', creationTimestamp = '', deletionTimestamp } = other.metadata;
    if (deletionTimestamp !== undefined || promised.has(uid)) continue;
    const gpus = other.status?.plan?.gpusPerPod ?? allGpus;
    reserve(keyOf(other), { createdAt: creationTimestamp, uid }, { gpus, memoryBytes: 0 });
  }
  let gpus = allGpus;
  let memoryBytes = memoryAllocatable(node);
  const heldBy: string[] = [];
  for (const [key, demand] of inUse) {
    gpus -= demand.gpus;
    if (memoryBytes !== undefined) memoryBytes -= demand.memoryBytes;
    if (demand.gpus > 0 || demand.memoryBytes > 0) heldBy.push(key);
  }
  return { gpus, memoryBytes, heldBy: heldBy.toSorted() };
}

/** Whether there is room for `demand`; memory that is not known does not refuse. */
export function hasRoom(room: Room, demand: Demand): boolean {
  return room.gpus >= demand.gpus && (room.memoryBytes === undefined || room.memoryBytes >= demand.memoryBytes);
}
