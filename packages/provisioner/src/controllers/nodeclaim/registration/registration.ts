import {
  doNotSyncTaintsLabel,
  isTrue,
  type NodeClaim,
  nodeClaimConditions,
  registeredLabel,
  type Taint,
  terminationFinalizer,
  unregisteredTaint,
  findCondition,
} from '@kaito/api';
import { type KubeObject, type Live, mergePatch, nodes } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { nodesOf } from '../../../agent-pool/nodes.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { withRemedy } from '../../../operations/failure-words.ts';
import { noteAnnotations } from '../../../operations/pool-state.ts';
import { fieldManager } from '../../../options.ts';
import { becomes, sinceTurn, type Step } from '../lifecycle/step.ts';

const { registered, launched } = nodeClaimConditions;

/**
 * Finds the node of a machine and makes it the claim's: labels, annotations, taints, finalizer and owner. Several nodes are told and looked at
 * again when one of them goes; a machine whose node does not come in time is ended.
 *
 * @throws ApiError Conflict among them: the node was changed meanwhile
 */
export async function register(claim: Live<NodeClaim>, deps: Dependencies): Promise<Step> {
  const { caches, clock, options } = deps;
  if (!isTrue(claim.status?.conditions, launched))
    return unregistered(claim, 'NodeNotFound', 'Node not registered with cluster');
  const found = nodesOf(claim, caches);
  if (found.length > 1) {
    const names = found.map(({ metadata }) => metadata.name).join(', ');
    const message = `Invariant violated, matched multiple nodes: ${names}`;
    const pool = `--cluster-name ${options.cluster.name} -g ${options.cluster.resourceGroup} -n ${claim.metadata.name}`;
    const remedy = `az aks nodepool scale ${pool} --node-count 1`;
    return { claim, condition: becomes(registered, 'False', 'MultipleNodesFound', withRemedy(message, remedy)) };
  }
  const [node] = found;
  if (node === undefined || (node.spec?.providerID ?? '') === '') {
    const waited = sinceTurn(findCondition(claim.status?.conditions, launched), clock.now());
    const left = options.timeouts.registrationMs - waited;
    if (left > 0)
      return { ...unregistered(claim, 'NodeNotFound', 'Node not registered with cluster'), requeueAfterMs: left };
    return timedOut(claim, options.timeouts.registrationMs);
  }
  const written = await syncNode(claim, node, deps);
  deps.metrics.nodeCreated();
  return {
    claim,
    condition: becomes(registered, 'True'),
    status: statusOf(written),
  };
}

/** What a claim's status takes over from its node. */
export function statusOf(node: Live<Node>): NonNullable<Step['status']> {
  const { capacity, allocatable } = node.status ?? {};
  return {
    nodeName: node.metadata.name!,
    providerID: node.spec?.providerID ?? '',
    ...(capacity !== undefined && { capacity }),
    ...(allocatable !== undefined && { allocatable }),
  };
}

function unregistered(claim: Live<NodeClaim>, reason: string, message: string): Step {
  return { claim, condition: becomes(registered, 'Unknown', reason, message) };
}

function timedOut(claim: Live<NodeClaim>, limitMs: number): Step {
  const { name = '' } = claim.metadata;
  const message = `the machine of NodeClaim ${name} runs, and its node did not join the cluster within ${Math.round(limitMs / 60_000)} min`;
  const remedy = `the machine is taken away; if the next one does not join either, see its boot log in the portal (VMSS of pool ${name}) and the network rules of its subnet`;
  return {
    claim,
    condition: becomes(registered, 'False', 'RegistrationTimeout', withRemedy(message, remedy)),
    end: { reason: 'RegistrationTimeout', message: withRemedy(message, remedy) },
  };
}

/** Lists are replaced by a merge patch as a whole, so it carries the resourceVersion. */
async function syncNode(
  claim: Live<NodeClaim>,
  node: Live<Node>,
  { client, caches }: Pick<Dependencies, 'client' | 'caches'>,
): Promise<Live<Node>> {
  const { finalizers = [], ownerReferences = [], labels = {}, annotations = {} } = node.metadata;
  const { name = '', uid = '', annotations: own = {} } = claim.metadata;
  const synced = Object.entries(own).filter(([key]) => !noteAnnotations.includes(key) && !key.startsWith('kubectl.'));
  const owner = {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    name,
    uid,
    blockOwnerDeletion: true,
  };
  const before = {
    metadata: { finalizers, ownerReferences, labels, annotations },
    spec: { taints: node.spec?.taints ?? [] },
  };
  const after = {
    metadata: {
      finalizers: finalizers.includes(terminationFinalizer) ? finalizers : [...finalizers, terminationFinalizer],
      ownerReferences: ownerReferences.some((each) => each.uid === uid) ? ownerReferences : [...ownerReferences, owner],
      labels: { ...labels, ...claim.metadata.labels, [registeredLabel]: 'true' },
      annotations: { ...annotations, ...Object.fromEntries(synced) },
    },
    spec: { taints: taintsOf(claim, node) },
  };
  const patch = mergePatch(before, after) as { readonly metadata?: object; readonly spec?: object } | undefined;
  if (patch === undefined) return node;
  const metadata: KubeObject['metadata'] = { ...patch.metadata, resourceVersion: node.metadata.resourceVersion! };
  const ref = { name: node.metadata.name! };
  const written = await client.patch(nodes, ref, { type: 'merge', body: { ...patch, metadata } }, { fieldManager });
  caches.nodes.remember(written);
  return written;
}

function taintsOf(claim: Live<NodeClaim>, node: Live<Node>): readonly Taint[] {
  const there = ((node.spec?.taints ?? []) as Taint[]).filter((taint) => !sameTaint(taint, unregisteredTaint));
  if (node.metadata.labels?.[doNotSyncTaintsLabel] === 'true') return there;
  const wanted = [...(claim.spec.taints ?? []), ...(claim.spec.startupTaints ?? [])];
  return [...there, ...wanted.filter((taint) => !there.some((other) => sameTaint(other, taint)))];
}

/** Taints are told apart by key and effect. */
export function sameTaint(
  a: Pick<Taint, 'key' | 'effect'>,
  b: { readonly key: string; readonly effect: string },
): boolean {
  return a.key === b.key && a.effect === b.effect;
}
