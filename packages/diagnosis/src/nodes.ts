import { type Condition, conditionReasons } from '@kaito/api';
import type { NodeClaimEvidence, NodesEvidence } from './evidence.ts';

/** True when enough nodes are Ready with their device plugin. */
export function nodesAreReady(nodes: NodesEvidence): boolean {
  return nodes.ready.length >= nodes.wanted;
}

const steps = ['Launched', 'Registered', 'Initialized'] as const;

/** Provisioners that try again say `Unknown`: the gpu-provisioner with `LaunchFailed`, Karpenters with such reasons, ours with a remedy. */
const trouble = /fail|error|insufficient|quota|denied|forbidden|unauthorized|unavailable/i;

/** True of a step of a NodeClaim that reports an error; false of one that is done, or only waits. */
export function reportsError({ status, reason, message }: Pick<Condition, 'status' | 'reason' | 'message'>): boolean {
  if (status === 'True' || reason === '' || reason === conditionReasons.awaitingReconciliation) return false;
  return status === 'False' || trouble.test(reason) || message.includes('Remedy: ');
}

export interface NodeClaimTrouble {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  /** Only waits: no error has been reported. */
  readonly pending: boolean;
}

/**
 * The first NodeClaim condition that is not True, in the order Launched, Registered, Initialized; one that reports an error comes
 * before one that only waits. Undefined when all are up, or none is given.
 */
export function failingNodeClaim(claims: readonly NodeClaimEvidence[] | undefined): NodeClaimTrouble | undefined {
  let pending: NodeClaimTrouble | undefined;
  for (const step of steps) {
    for (const claim of claims ?? []) {
      const condition = claim.conditions.find((candidate) => candidate.type === step);
      if (condition?.status === 'True') continue;
      const waits = condition === undefined || !reportsError(condition);
      const trouble: NodeClaimTrouble = {
        name: claim.name,
        reason: waits ? conditionReasons.nodeClaimNotReady : condition.reason,
        message: condition?.message || `NodeClaim ${claim.name} is not ${step.toLowerCase()} yet`,
        pending: waits,
      };
      if (!waits) return trouble;
      pending ??= trouble;
    }
  }
  return pending;
}
