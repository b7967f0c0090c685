import { creationTimestampLabel, machineTypeLabel, type NodeClaim, nodePoolLabel } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { type Caches, indexes, poolOf } from '../cache/caches.ts';
import { creationLabelOf } from './ownership.ts';

/**
 * Whether a node is the machine of this claim: registered for it, or the same machine by provider ID, or of its pool with the time of the
 * claim in its labels. A node of somebody else's pool of that name is not.
 */
export function isNodeOf(node: Live<Node>, claim: Live<NodeClaim>): boolean {
  const { ownerReferences, labels } = node.metadata;
  if (ownerReferences?.some(({ uid }) => uid === claim.metadata.uid) === true) return true;
  const { providerID = '' } = claim.status ?? {};
  if (providerID !== '' && providerID === node.spec?.providerID) return true;
  return poolOf(node) === claim.metadata.name && labels?.[creationTimestampLabel] === creationLabelOf(claim);
}

/** Whether a node's labels are those that this provisioner, or a Go one, gives to its pools. Karpenter's own nodes have none of them. */
export function isOfOurPools({ metadata: { labels } }: Live<Node>): boolean {
  return labels?.[machineTypeLabel] !== undefined && labels[nodePoolLabel] !== undefined;
}

/** The nodes of a claim's machine, in order of name; more than one only where somebody scaled its pool. */
export function nodesOf(claim: Live<NodeClaim>, caches: Pick<Caches, 'nodes'>): readonly Live<Node>[] {
  const named = caches.nodes.get({ name: claim.status?.nodeName ?? '' });
  const there = new Set([...caches.nodes.byIndex(indexes.pool, claim.metadata.name ?? ''), ...(named ? [named] : [])]);
  return [...there]
    .filter((node) => isNodeOf(node, claim))
    .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}
