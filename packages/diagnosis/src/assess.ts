import { type Condition, type Workspace, type WorkspaceState, conditionTypes, isTrue } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { Assessment } from './assessment.ts';
import { describeConditions, resourcesReady } from './conditions.ts';
import type { Evidence } from './evidence.ts';
import { describePhases } from './phases.ts';
import { otherFault, portInUse, weightsFault } from './policies/faults.ts';
import { beingDeleted, draining, supervisorGone } from './policies/lifecycle.ts';
import { nodeClaimFailing, nodesMissing } from './policies/nodes.ts';
import { planRefused } from './policies/plan.ts';
import type { Policy, View } from './policies/policy.ts';
import { crashLoop, serverCrashed } from './policies/process.ts';
import { slowerThanExpected, waiting } from './policies/progress.ts';

/** In the order in which they are asked; the first that hits names the root cause. */
export const policies: readonly Policy[] = [
  planRefused,
  beingDeleted,
  nodeClaimFailing,
  nodesMissing,
  weightsFault,
  portInUse,
  otherFault,
  crashLoop,
  supervisorGone,
  serverCrashed,
  draining,
  slowerThanExpected,
];

/**
 * Says how a Workspace is, from what a shell has seen: conditions, phases, the one root cause with its remedy, and the endpoint. Pure.
 * Ready, no root cause, and a present endpoint are the same thing.
 *
 * `previous` are the conditions last written (default: those in the Workspace's status); they keep their `lastTransitionTime` while
 * their status does not change. A Workspace that has been Ready once (`status.state` is Ready or NotReady, or `previous` says so) is
 * NotReady afterwards, never Pending again.
 */
export function assess(
  workspace: Workspace,
  plan: Plan,
  evidence: Evidence,
  now: Date,
  previous: readonly Condition[] = workspace.status?.conditions ?? [],
): Assessment {
  const process = evidence.process;
  const serving =
    plan.admitted && evidence.deleting !== true && process?.pid !== undefined && process.readiness === 'ready';
  const endpoint = serving && resourcesReady(plan, evidence) ? process.endpoint : undefined;
  const phases = describePhases(plan, evidence, endpoint !== undefined, now);
  const view: View = { workspace, plan, evidence, phases, now };
  const rootCause = endpoint === undefined ? findCause(view) : undefined;
  return {
    state: stateOf(workspace, endpoint !== undefined, previous),
    conditions: describeConditions(workspace, plan, evidence, rootCause, now, previous),
    phases,
    ...(rootCause !== undefined && { rootCause }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

function findCause(view: View): NonNullable<Assessment['rootCause']> {
  for (const policy of policies) {
    const cause = policy(view);
    if (cause !== undefined) return cause;
  }
  return waiting(view);
}

function stateOf(workspace: Workspace, ready: boolean, previous: readonly Condition[]): WorkspaceState {
  if (ready) return 'Ready';
  const before = workspace.status?.state;
  const wasReady = before === 'Ready' || before === 'NotReady' || isTrue(previous, conditionTypes.workspaceSucceeded);
  return wasReady ? 'NotReady' : 'Pending';
}
