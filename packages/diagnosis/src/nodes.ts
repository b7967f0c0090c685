import { conditionReasons } from '@kaito/api';
import type { NodeClaimEvidence, NodesEvidence } from './evidence.ts';

/** True when enough nodes are Ready with their device plugin. */
export function nodesAreReady(nodes: NodesEvidence): boolean {
  return nodes.ready.length >= nodes.wanted;
}

/** The gpu-provisioner says Unknown with this reason when the cloud refuses a machine. */
const launchFailed = 'LaunchFailed';

const steps = ['Launched', 'Registered', 'Initialized'] as const;

export interface NodeClaimTrouble {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  /** Only waits: no error has been reported. */
  readonly pending: boolean;
}

/**
 * The first NodeClaim condition that is not True, in the order Launched, Registered, Initialized; one that reports an error comes
 * before one that only waits (`Unknown` but for `LaunchFailed`, no reason, or `AwaitingReconciliation`). Undefined when all are up, or none is given.
 */
export function failingNodeClaim(claims: readonly NodeClaimEvidence[] | undefined): NodeClaimTrouble | undefined {
  let pending: NodeClaimTrouble | undefined;
  for (const step of steps) {
    for (const claim of claims ?? []) {
      const condition = claim.conditions.find((candidate) => candidate.type === step);
      if (condition?.status === 'True') continue;
      const waits =
        condition === undefined ||
        (condition.status === 'Unknown' && condition.reason !== launchFailed) ||
        condition.reason === '' ||
        condition.reason === conditionReasons.awaitingReconciliation;
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
