import { workspaceUIDAnnotation } from '@kaito/api';
import { type Catalog, findMachine } from '@kaito/catalog';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Caches, Live } from '../../../cache/caches.ts';
import type { NodeLedger } from './ledger.ts';
import { gpuCapacity, instanceTypeOf, labelsOf, notReadySince, ownerOf } from './node-facts.ts';
import { type NodeRequest, tolerates } from './node-request.ts';
import { hasRoom, roomOn } from './occupancy.ts';

/** Why a node that carries the Workspace's labels cannot be used by it. */
export interface Unfit {
  readonly name: string;
  readonly kind:
    | 'NotReady'
    | 'Leaving'
    | 'Cordoned'
    | 'Tainted'
    | 'OtherType'
    | 'Owned'
    | 'NoGpu'
    | 'TooFewGpus'
    | 'InUse'
    | 'TooLittleMemory';
  /** Follows the node's name: `is cordoned`. */
  readonly words: string;
  /** RFC 3339. */
  readonly since?: string;
}

/**
 * `fit`: its pods can run there now. `awaitsPlugin`: as soon as the device plugin announces its GPUs. `other`: it does not carry the labels,
 * so it is none of the Workspace's business.
 */
export type Fitness =
  | { readonly state: 'fit' }
  | { readonly state: 'awaitsPlugin' }
  | { readonly state: 'unfit'; readonly why: Unfit }
  | { readonly state: 'other' };

export interface Judging {
  readonly request: NodeRequest;
  readonly caches: Pick<Caches, 'nodeClaims' | 'pods' | 'workspaces'>;
  readonly ledger: NodeLedger;
  readonly catalog: Catalog;
}

const fit: Fitness = { state: 'fit' };
const other: Fitness = { state: 'other' };

export function carries(node: Live<Node>, selector: Readonly<Record<string, string>>): boolean {
  const labels = labelsOf(node);
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/**
 * Whether the Workspace may use a node. `keeps`: it has it already and nothing speaks against that but a person's cordon or taint, which
 * are for newcomers. `runs`: a pod of its own is there, so the room for it is taken by itself.
 */
export function fitness(
  node: Live<Node>,
  { request, caches, ledger, catalog }: Judging,
  { keeps, runs }: { readonly keeps: boolean; readonly runs: boolean },
): Fitness {
  if (!carries(node, request.selector)) return other;
  const name = node.metadata.name ?? '';
  const unfit = (kind: Unfit['kind'], words: string, since?: string): Fitness => ({
    state: 'unfit',
    why: { name, kind, words, ...(since !== undefined && { since }) },
  });
  const type = instanceTypeOf(node);
  if (request.instanceType !== undefined && type?.toLowerCase() !== request.instanceType.toLowerCase()) {
    return unfit('OtherType', type === undefined ? 'names no machine type' : `is a ${type}`);
  }
  const leaving = node.metadata.deletionTimestamp ?? claimOf(node, caches)?.metadata.deletionTimestamp;
  if (leaving !== undefined) return unfit('Leaving', 'is being deleted', leaving);
  const owner = foreignOwner(node, request, caches);
  if (owner !== undefined) return unfit('Owned', `belongs to ${owner}`);
  const since = notReadySince(node);
  if (since !== undefined) return unfit('NotReady', 'is not Ready', since);
  if (!keeps) {
    if (node.spec?.unschedulable === true) return unfit('Cordoned', 'is cordoned');
    const taint = repellent(node, request);
    if (taint !== undefined) return unfit('Tainted', `has the taint ${taint}, which the Workspace does not tolerate`);
  }
  const { gpus } = request.demand;
  if (gpus > 0) {
    const capacity = gpuCapacity(node);
    if (capacity === 0) return offersGpus(type, catalog) ? { state: 'awaitsPlugin' } : unfit('NoGpu', 'has no GPU');
    if (capacity < gpus) return unfit('TooFewGpus', `has ${capacity} of the ${gpus} GPUs that a pod needs`);
  }
  if (runs) return fit;
  const room = roomOn(node, request, caches, ledger, keeps);
  if (hasRoom(room, request.demand)) return fit;
  const holders = room.heldBy.length === 0 ? '' : ` beside Workspace ${room.heldBy.join(' and ')}`;
  if (room.gpus >= gpus) return unfit('TooLittleMemory', `has too little memory left${holders}`);
  const left = room.gpus > 0 ? `${room.gpus} of the ${gpus} GPUs that a pod needs` : 'no GPU';
  return unfit('InUse', `has ${left} left${holders}`);
}

/** A machine type that the catalog knows to have none has none; of others it can only be waited for. */
function offersGpus(type: string | undefined, catalog: Catalog): boolean {
  const machine = type === undefined ? undefined : findMachine(catalog, type);
  return machine === undefined || machine.gpu !== undefined;
}

/** The NodeClaim that a node was made for, by the owner reference that provisioners set. */
function claimOf(node: Live<Node>, caches: Pick<Caches, 'nodeClaims'>) {
  const reference = node.metadata.ownerReferences?.find(({ kind }) => kind === 'NodeClaim');
  const claim = reference === undefined ? undefined : caches.nodeClaims.get({ name: reference.name });
  return claim?.metadata.uid === reference?.uid ? claim : undefined;
}

/** Whose a node is when it is somebody else's; a deleted Workspace's machine is not that of its successor of the same name. */
function foreignOwner(
  node: Live<Node>,
  request: NodeRequest,
  caches: Pick<Caches, 'nodeClaims' | 'workspaces'>,
): string | undefined {
  const owner = ownerOf(node);
  if (owner === undefined) return undefined;
  if (owner.key !== request.key) {
    const gone = owner.key !== undefined && caches.workspaces.get(owner.key) === undefined;
    return gone ? `${owner.name}, which is gone (its labels kaito.sh/workspace* can be removed)` : owner.name;
  }
  const uid = claimOf(node, caches)?.metadata.annotations?.[workspaceUIDAnnotation];
  return uid === undefined || uid === request.uid ? undefined : `a deleted ${owner.name} of the same name`;
}

/** Kubernetes' own taints repeat what conditions and the cordon say. */
const ownTaints = 'node.kubernetes.io/';

function repellent(node: Live<Node>, request: NodeRequest): string | undefined {
  const taint = node.spec?.taints?.find(
    ({ key, value, effect }) =>
      effect !== 'PreferNoSchedule' &&
      !key.startsWith(ownTaints) &&
      !tolerates(request.tolerations, { key, effect, ...(value !== undefined && { value }) }),
  );
  return taint && `${taint.key}${taint.value === undefined ? '' : `=${taint.value}`}:${taint.effect}`;
}
