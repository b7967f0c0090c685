import { isDeepStrictEqual } from 'node:util';
import { type NodeClaim, type Workspace, workspaceLabel, workspaceNamespaceLabel } from '@kaito/api';
import { byLabels, type Change, keyOf } from '@kaito/kube';
import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import { type Caches, indexes, type Live } from '../../../cache/caches.ts';
import { workspaceOfClusterScoped } from '../../../cache/create-caches.ts';
import { demandOfPod } from './demand.ts';
import { carries } from './fitness.ts';
import type { NodeLedger } from './ledger.ts';
import { differs, ownerOf } from './node-facts.ts';

const labels = { name: workspaceLabel, namespace: workspaceNamespaceLabel };

/** The Workspace whose labels a NodeClaim carries (before the change, too), as `namespace/name`. */
export const workspaceOfNodeClaim: (change: Change<Live<NodeClaim>>) => readonly string[] = byLabels(labels);

/**
 * The Workspaces to look at when a node has come, changed or gone: those that have it, those that wait for one like it, and the one it was
 * made for; oldest waiter first, each once. None for a mere heartbeat.
 */
export function workspacesWantingNode(
  caches: Pick<Caches, 'workspaces' | 'nodeClaims'>,
  ledger: NodeLedger,
): (change: Change<Live<Node>>) => readonly string[] {
  return (change) => {
    const previous = change.type === 'updated' ? change.previous : undefined;
    if (previous !== undefined && !differs(change.object, previous)) return [];
    const keys = new Set<string>();
    const name = change.object.metadata.name ?? '';
    for (const workspace of caches.workspaces.byIndex(indexes.workerNode, name)) keys.add(keyOf(workspace));
    for (const { request } of ledger.holdsOn(name)) keys.add(request.key);
    for (const node of previous === undefined ? [change.object] : [change.object, previous]) {
      const owner = ownerOf(node)?.key;
      if (owner !== undefined) keys.add(owner);
      for (const { kind, name: claimName } of node.metadata.ownerReferences ?? []) {
        const claim = kind === 'NodeClaim' ? caches.nodeClaims.get({ name: claimName }) : undefined;
        if (claim !== undefined)
          for (const key of workspaceOfNodeClaim({ type: 'added', object: claim })) keys.add(key);
      }
    }
    if (change.type !== 'deleted') for (const key of waitersFor(change.object, ledger)) keys.add(key);
    return [...keys];
  };
}

/**
 * The Workspaces that wait for a node which another no longer holds: it is being deleted, is gone, or has moved. And those that left a node
 * to an older one, whenever any has changed or got what it wanted: the older may have found another, or no room there.
 */
export function waitersForNodesOf(
  caches: Pick<Caches, 'nodes'>,
  ledger: NodeLedger,
): (change: Change<Live<Workspace>>) => readonly string[] {
  return (change) => {
    if (ledger.waiting === 0 || change.type === 'added') return [];
    const { metadata, status } = change.object;
    const had = change.type === 'updated' ? change.previous : change.object;
    const gone =
      change.type === 'deleted' ||
      (metadata.deletionTimestamp !== undefined && had.metadata.deletionTimestamp === undefined);
    const moved =
      !isDeepStrictEqual(had.status?.workerNodes, status?.workerNodes) ||
      had.status?.nodeClaims?.length !== status?.nodeClaims?.length;
    if (!gone && !moved && had.metadata.generation === metadata.generation) return [];
    const keeps = new Set(gone ? [] : status?.workerNodes);
    const left = (had.status?.workerNodes ?? []).filter((name) => !keeps.has(name));
    const heldBack = ledger.waiters().flatMap((waiter) => (waiter.heldBack ? waiter.request.key : []));
    return [...new Set([...waitersForAll(left, caches, ledger), ...heldBack])];
  };
}

/** The Workspaces that wait for what a pod held, once it is gone or has ended. */
export function waitersForRoomOf(
  caches: Pick<Caches, 'nodes'>,
  ledger: NodeLedger,
): (change: Change<Live<Pod>>) => readonly string[] {
  return (change) => {
    const node = change.object.spec?.nodeName;
    if (ledger.waiting === 0 || node === undefined || change.type === 'added') return [];
    const had = demandOfPod(change.type === 'updated' ? change.previous : change.object);
    const has = demandOfPod(change.object);
    const freed = change.type === 'deleted' || has.gpus < had.gpus || has.memoryBytes < had.memoryBytes;
    return freed ? waitersForAll([node], caches, ledger) : [];
  };
}

function waitersForAll(names: readonly string[], caches: Pick<Caches, 'nodes'>, ledger: NodeLedger): readonly string[] {
  const found = names.flatMap((name) => caches.nodes.get({ name }) ?? []);
  return [...new Set(found.flatMap((node) => waitersFor(node, ledger)))];
}

function waitersFor(node: Live<Node>, ledger: NodeLedger): readonly string[] {
  if (ledger.waiting === 0) return [];
  return ledger.waiters().flatMap(({ request }) => (carries(node, request.selector) ? request.key : []));
}

/** The Workspaces whose NodeClaims no provisioner has looked at, when a provisioner's pod changes. */
export function waitersForProvisioner(caches: Pick<Caches, 'nodeClaims'>): () => readonly string[] {
  return () =>
    caches.nodeClaims
      .list()
      .filter(({ status }) => (status?.conditions ?? []).length === 0)
      .flatMap(workspaceOfClusterScoped);
}
