import type { Condition, ConditionUpdate, NodeClaim, NodeClaimStatus } from '@kaito/api';
import type { EventContent, Live } from '@kaito/kube';

/** What one sub-reconciler found out. */
export interface Step {
  /** The claim as it is stored now. */
  readonly claim: Live<NodeClaim>;
  /** Its own condition. */
  readonly condition: ConditionUpdate;
  readonly status?: Omit<NodeClaimStatus, 'conditions'>;
  readonly requeueAfterMs?: number;
  /** Has a turn at pool operations, or waits for one. */
  readonly inQueue?: boolean;
  /** The claim has come to nothing and is to be deleted, for this reason. */
  readonly end?: Pick<EventContent, 'reason' | 'message'>;
}

export function becomes(
  type: string,
  status: Condition['status'],
  reason: string = type,
  message: string = '',
): ConditionUpdate {
  return { type, status, reason, message };
}

/** ms since a condition last turned; 0 where there is none. */
export function sinceTurn(condition: Condition | undefined, now: Date): number {
  return condition === undefined ? 0 : now.getTime() - Date.parse(condition.lastTransitionTime);
}
