import {
  capacityTypeLabel,
  type Condition,
  type ConditionUpdate,
  findCondition,
  type NodeClaim,
  nodeClaimConditions,
} from '@kaito/api';
import type { EventContent, Live } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { withRemedy } from '../../../operations/failure-words.ts';
import { capacityTypes } from '../../../requirements/machine-facts.ts';
import { becomes } from './step.ts';

const { launched, registered, initialized, ready } = nodeClaimConditions;
const dependents = [launched, registered, initialized] as const;

/**
 * The condition Ready: the sum of the others, and from then on how its node is. A node that stops being Ready, or goes, is told at once.
 *
 * @param conditions with those of the other steps as they are now
 */
export function readiness(conditions: readonly Condition[], node: Live<Node> | undefined): ConditionUpdate {
  const unhealthy = dependents.flatMap((type) => {
    const condition = findCondition(conditions, type);
    return condition?.status === 'True' ? [] : [{ type, status: condition?.status ?? 'Unknown' }];
  });
  if (unhealthy.length > 0) {
    const message = unhealthy
      .map(({ type, status }) => `${type}=${status}`)
      .toSorted()
      .join(', ');
    return unhealthy.some(({ status }) => status === 'False')
      ? becomes(ready, 'False', 'UnhealthyDependents', message)
      : becomes(ready, 'Unknown', 'ReconcilingDependents', message);
  }
  if (node === undefined) return becomes(ready, 'False', 'NodeNotFound', 'its node is gone');
  const condition = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition?.status === 'True') return becomes(ready, 'True');
  const why = condition?.message ?? 'its kubelet has not said anything';
  const name = node.metadata.name ?? '';
  return becomes(
    ready,
    'False',
    'NodeNotReady',
    withRemedy(`node ${name} is not Ready: ${why}`, `kubectl describe node ${name}`),
  );
}

/** How long a registered node may be gone before its machine counts as lost, ms: a node may be made anew. Our choice. */
export const nodeLossMs = 300_000;

/**
 * Why a machine that was ready has come to nothing, at once for a spot machine that Azure takes back; `waitMs`: its node is gone, and is given
 * so long to come back.
 */
export function lossOf(
  claim: Live<NodeClaim>,
  node: Live<Node> | undefined,
  now: Date,
): { readonly end: EventContent } | { readonly waitMs: number } | undefined {
  const isSpot = claim.metadata.labels?.[capacityTypeLabel] === capacityTypes.spot;
  const name = claim.status?.nodeName ?? '';
  if (node !== undefined) {
    const notice = node.status?.conditions?.find(({ type }) => type === 'VMEventScheduled');
    const preempted = isSpot && notice?.status === 'True' && /Preempt/i.test(notice.reason ?? '');
    if (!preempted) return undefined;
    return { end: warning('SpotEvicted', `Azure takes the spot machine of node ${name} back; it is replaced`) };
  }
  const since = findCondition(claim.status?.conditions, ready);
  const goneMs = since?.status === 'False' ? now.getTime() - Date.parse(since.lastTransitionTime) : 0;
  if (!isSpot && goneMs < nodeLossMs) return { waitMs: nodeLossMs - goneMs };
  return {
    end: isSpot
      ? warning('SpotEvicted', `the spot machine of node ${name} is gone; it is replaced`)
      : warning('NodeLost', `node ${name} is gone; its machine is replaced`),
  };
}

function warning(reason: string, message: string): EventContent {
  return { type: 'Warning', reason, message };
}
