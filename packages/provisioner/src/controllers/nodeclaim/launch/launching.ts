import { type NodeClaim, nodeClaimConditions } from '@kaito/api';
import type { ConditionUpdate } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { Dependencies } from '../../../dependencies.ts';
import { sentence } from '../../../operations/failure-words.ts';
import { failuresOf } from '../../../operations/pool-state.ts';
import { becomes, type Step } from '../lifecycle/step.ts';

/** What a launch works with. */
export interface Launching extends Dependencies {
  readonly signal: AbortSignal;
  /** Has the claim looked at again; its turn has come. */
  wake(key: string): void;
}

/** How often a pool is looked at whose operation is not known, ms. Our choice. */
export const lookAgainMs = 5_000;

export function notLaunched(status: 'False' | 'Unknown', reason: string, message: string): ConditionUpdate {
  return becomes(nodeClaimConditions.launched, status, reason, message);
}

/** Its turn at pool operations has not come. */
export function waiting(claim: Live<NodeClaim>, why: string): Step {
  return {
    claim,
    condition: notLaunched(
      'Unknown',
      'PoolOperationQueued',
      sentence(`waits for its turn: ${why}${failedBefore(claim)}`),
    ),
    inQueue: true,
  };
}

/** Azure makes the machine. */
export function creating(claim: Live<NodeClaim>, machine: string, waitMs: number): Step {
  const message = `agent pool ${claim.metadata.name} is being created, ${machine}${failedBefore(claim)}`;
  return {
    claim,
    condition: notLaunched('Unknown', 'PoolCreating', sentence(message)),
    requeueAfterMs: waitMs,
    inQueue: true,
  };
}

/** The pool of a way that failed is taken away. */
export function discarding(claim: Live<NodeClaim>, waitMs: number = lookAgainMs): Step {
  const message = `agent pool ${claim.metadata.name} is taken away before the next try${failedBefore(claim)}`;
  return {
    claim,
    condition: notLaunched('Unknown', 'PoolDiscarding', sentence(message)),
    requeueAfterMs: waitMs,
    inQueue: true,
  };
}

function failedBefore(claim: Live<NodeClaim>): string {
  const failures = failuresOf(claim).map(({ candidate, reason }) => `${candidate} (${reason})`);
  return failures.length === 0 ? '' : `; failed before: ${failures.join(', ')}`;
}
