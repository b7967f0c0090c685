import {
  findCondition,
  gpuResource,
  initializedLabel,
  instanceTypeLabel,
  isTrue,
  type NodeClaim,
  nodeClaimConditions,
  type Taint,
  unregisteredTaint,
} from '@kaito/api';
import { findMachine } from '@kaito/catalog';
import { amount, type Live, nodes } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { taintText } from '../../../agent-pool/body.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { withRemedy } from '../../../operations/failure-words.ts';
import { fieldManager } from '../../../options.ts';
import { becomes, sinceTurn, type Step } from '../lifecycle/step.ts';
import { sameTaint } from '../registration/registration.ts';

const { initialized, registered } = nodeClaimConditions;

/** Taints that Kubernetes and the cloud take away by themselves; Karpenter's list. */
const ephemeralTaints: readonly Pick<Taint, 'key' | 'effect'>[] = [
  { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
  { key: 'node.cloudprovider.kubernetes.io/uninitialized', effect: 'NoSchedule' },
  unregisteredTaint,
];

interface Obstacle {
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Says when a registered node can take pods: it is Ready, its startup taints are gone, and what was requested is there.
 *
 * @throws ApiError
 */
export async function initialize(
  claim: Live<NodeClaim>,
  node: Live<Node> | undefined,
  deps: Dependencies,
): Promise<Step> {
  const { client, caches, clock, options } = deps;
  if (!isTrue(claim.status?.conditions, registered)) {
    return {
      claim,
      condition: becomes(initialized, 'Unknown', 'AwaitingReconciliation', 'object is awaiting reconciliation'),
    };
  }
  const obstacle = obstacleOf(claim, node, deps);
  if (obstacle !== undefined) {
    const waited = sinceTurn(findCondition(claim.status?.conditions, registered), clock.now());
    const left = options.timeouts.initializationMs - waited;
    const { reason, message, remedy } = obstacle;
    if (left > 0) return { claim, condition: becomes(initialized, 'Unknown', reason, message), requeueAfterMs: left };
    const minutes = Math.round(options.timeouts.initializationMs / 60_000);
    const told = withRemedy(`node ${node?.metadata.name ?? ''} took no pods within ${minutes} min: ${message}`, remedy);
    return {
      claim,
      condition: becomes(initialized, 'False', 'InitializationTimeout', told),
      end: { reason: 'InitializationTimeout', message: told },
    };
  }
  if (node?.metadata.labels?.[initializedLabel] !== 'true') {
    const { name = '', uid } = node!.metadata;
    const body = { metadata: { uid, labels: { [initializedLabel]: 'true' } } };
    caches.nodes.remember(await client.patch(nodes, { name }, { type: 'merge', body }, { fieldManager }));
  }
  return { claim, condition: becomes(initialized, 'True') };
}

/** The first thing that keeps a node from taking pods. */
function obstacleOf(
  claim: Live<NodeClaim>,
  node: Live<Node> | undefined,
  { catalog, options }: Pick<Dependencies, 'catalog' | 'options'>,
): Obstacle | undefined {
  if (node === undefined) {
    return { reason: 'NodeNotFound', message: 'Node not registered with cluster', remedy: 'kubectl get nodes' };
  }
  const { name = '' } = node.metadata;
  const describe = `kubectl describe node ${name}`;
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') {
    return {
      reason: 'NodeNotReady',
      message: `Node status is NotReady${ready?.message ? `: ${ready.message}` : ''}`,
      remedy: describe,
    };
  }
  const taints = (node.spec?.taints ?? []) as readonly Taint[];
  const startup = taints.find((taint) => claim.spec.startupTaints?.some((other) => sameTaint(taint, other)));
  if (startup !== undefined) {
    const message = `StartupTaint "${taintText(startup)}" still exists`;
    return { reason: 'StartupTaintsExist', message, remedy: `see who should take it away: ${describe}` };
  }
  const ephemeral = taints.find((taint) => ephemeralTaints.some((other) => sameTaint(taint, other)));
  if (ephemeral !== undefined) {
    const message = `KnownEphemeralTaint "${taintText(ephemeral)}" still exists`;
    return { reason: 'KnownEphemeralTaintsExist', message, remedy: describe };
  }
  const machine = findMachine(catalog, claim.metadata.labels?.[instanceTypeLabel] ?? '');
  const gpus = options.waitForGpu ? (machine?.gpu?.count ?? 0) : 0;
  const requests = { ...(gpus > 0 && { [gpuResource]: String(gpus) }), ...claim.spec.resources?.requests };
  // A node has no allocatable `storage`; the disk was made of it.
  const missing = Object.entries(requests).find(
    ([resource, quantity]) =>
      resource !== 'storage' &&
      (amount(quantity) ?? 0) > 0 &&
      (amount((node.status?.allocatable as Record<string, unknown> | undefined)?.[resource]) ?? 0) === 0,
  );
  if (missing === undefined) return undefined;
  const [resource] = missing;
  return {
    reason: 'ResourceNotRegistered',
    message: `Resource "${resource}" was requested but not registered`,
    remedy:
      resource === gpuResource
        ? `see whether the device plugin and the driver run there: kubectl get pods -A --field-selector spec.nodeName=${name}`
        : describe,
  };
}
