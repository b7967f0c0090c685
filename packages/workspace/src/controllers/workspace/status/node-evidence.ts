import type { NodeClaimEvidence, NodesEvidence, NodeTrouble } from '@kaito/diagnosis';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Caches, Live } from '../../../cache/caches.ts';

const pressures: readonly string[] = ['DiskPressure', 'MemoryPressure', 'PIDPressure'];

/** What `ensureNodes` said of the nodes, and beside it what is wrong with each of those `names` that the cache knows. */
export function nodesEvidence(
  nodes: NodesEvidence,
  names: Iterable<string>,
  cache: Pick<Caches['nodes'], 'get'>,
): NodesEvidence {
  const troubles: NodeTrouble[] = [];
  const underPressure: { name: string; pressures: string[] }[] = [];
  for (const name of [...new Set(names)].toSorted()) {
    const node = cache.get({ name });
    if (node === undefined) continue;
    const trouble = troubleOf(name, node);
    if (trouble !== undefined) troubles.push(trouble);
    const seen = (node.status?.conditions ?? []).filter(
      ({ type, status }) => status === 'True' && pressures.includes(type),
    );
    if (seen.length > 0) underPressure.push({ name, pressures: seen.map(({ type }) => type) });
  }
  return {
    ...nodes,
    ...(troubles.length > 0 && nodes.troubles === undefined && { troubles }),
    ...(underPressure.length > 0 && nodes.underPressure === undefined && { underPressure }),
  };
}

function troubleOf(name: string, node: Live<Node>): NodeTrouble | undefined {
  const leaving = node.metadata.deletionTimestamp;
  if (leaving !== undefined) return { name, kind: 'Leaving', since: leaving };
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') {
    return {
      name,
      kind: 'NotReady',
      ...(ready?.lastTransitionTime !== undefined && { since: ready.lastTransitionTime }),
      ...(ready?.message !== undefined && { message: ready.message }),
    };
  }
  if (node.spec?.unschedulable !== true) return undefined;
  const since = node.spec.taints?.find(({ key }) => key === 'node.kubernetes.io/unschedulable')?.timeAdded;
  return { name, kind: 'Cordoned', ...(since !== undefined && { since }) };
}

/** When the last of the nodes became Ready; undefined while one of them is not there or not Ready. RFC 3339. */
export function nodesReadyAt(names: Iterable<string>, cache: Pick<Caches['nodes'], 'get'>): string | undefined {
  let latest: string | undefined;
  for (const name of names) {
    const ready = cache.get({ name })?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True' || ready.lastTransitionTime === undefined) return undefined;
    if (latest === undefined || ready.lastTransitionTime > latest) latest = ready.lastTransitionTime;
  }
  return latest;
}

/** The claims with their age, node and end from the cache, where `ensureNodes` did not say them. */
export function nodeClaimsEvidence(
  claims: readonly NodeClaimEvidence[] | undefined,
  cache: Pick<Caches['nodeClaims'], 'get'>,
): readonly NodeClaimEvidence[] | undefined {
  return claims?.map((claim) => {
    const object = cache.get({ name: claim.name });
    if (object === undefined) return claim;
    const { metadata, status } = object;
    return {
      ...(metadata.creationTimestamp !== undefined && { createdAt: metadata.creationTimestamp }),
      ...(status?.nodeName !== undefined && { nodeName: status.nodeName }),
      ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
      ...claim,
    };
  });
}
