import type { WorkspaceNodeClaim } from '@kaito/api';
import type { Fault, NodeClaimEvidence, NodesEvidence } from '@kaito/diagnosis';

/** What `ensureNodes` has found and done. It never waits: what is not there yet comes back through a watch. */
export interface NodesOutcome {
  readonly nodes: NodesEvidence;
  /** Absent where no machine is rented. */
  readonly nodeClaims?: readonly NodeClaimEvidence[];
  /** For `status.workerNodes`: names, sorted. */
  readonly workerNodes: readonly string[];
  /** For `status.nodeClaims`, in ordinal order. */
  readonly claims: readonly WorkspaceNodeClaim[];
  readonly faults: readonly Fault[];
  /** RFC 3339, for the clock of phases: when machines were first asked for, and when the last one was ready. */
  readonly requestedAt?: string;
  readonly requeueAfterMs?: number;
}

/** What is left of the machines of a Workspace that is being deleted. */
export interface ReleaseOutcome {
  readonly done: boolean;
  /** E.g. `NodeClaim ws1a2b3c4d5`. */
  readonly waitsFor: readonly string[];
}
