import type { Condition, WorkspaceState } from '@kaito/api';
import type { PhaseName } from '@kaito/planner';

export interface Phase {
  readonly name: PhaseName;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly startedAt?: string;
  /** Seconds it took, or has been running. */
  readonly seconds?: number;
  readonly expectedSeconds?: number;
  /** What it does at the moment, e.g. `45 % of 93.8 MiB, 12 MiB/s, 4 s left`. */
  readonly detail?: string;
}

/**
 * The one cause that a person should look at first. `needs` says who moves next: where a `person` must act there is always a remedy;
 * where it only takes `time`, a remedy is advice.
 */
export type RootCause = {
  readonly code: string;
  /** One sentence. */
  readonly message: string;
} & ({ readonly needs: 'person'; readonly remedy: string } | { readonly needs: 'time'; readonly remedy?: string });

export interface Assessment {
  readonly state: WorkspaceState;
  readonly conditions: readonly Condition[];
  readonly phases: readonly Phase[];
  /** Present exactly when the Workspace is not Ready. */
  readonly rootCause?: RootCause;
  /** Base URL, present only when the Workspace is Ready; then it is absent only for a pod template, which gets no Service. */
  readonly endpoint?: string;
  /** In a cluster: milliseconds after which time alone may change the judgement, although the evidence stays the same. */
  readonly lookAgainAfterMs?: number;
}
