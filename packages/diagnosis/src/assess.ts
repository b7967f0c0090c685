import { type Condition, type Workspace, type WorkspaceState, conditionTypes, isTrue } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { Assessment, Phase, RootCause } from './assessment.ts';
import { describeConditions, resourcesReady } from './conditions.ts';
import { createDeadline } from './deadline.ts';
import type { Evidence } from './evidence.ts';
import { describePhases } from './phases.ts';
import { policies } from './policies/index.ts';
import type { View } from './policies/policy.ts';
import { waiting } from './policies/progress.ts';

/**
 * Says how a Workspace is, from what a shell has seen: conditions, phases, the one root cause with its remedy, and the endpoint. Pure.
 * Ready and no root cause are the same thing; only a Workspace that is Ready has an endpoint.
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
  const ready = plan.target === 'cluster' ? servesInCluster(plan, evidence) : servesHere(plan, evidence);
  const endpoint = ready ? (evidence.process?.endpoint ?? evidence.serviceEndpoint) : undefined;
  const phases = describePhases(plan, evidence, ready, now);
  const deadline = createDeadline(now);
  const view: View = { workspace, plan, evidence, phases, now, passed: deadline.passed };
  const rootCause = ready ? undefined : findCause(view);
  const lookAgainAfterMs = deadline.nextMs();
  return {
    state: stateOf(workspace, ready, previous),
    conditions: describeConditions(workspace, plan, evidence, rootCause, now, previous),
    phases: plan.target === 'cluster' ? phases.map((phase) => halted(phase, rootCause)) : phases,
    ...(rootCause !== undefined && { rootCause }),
    ...(endpoint !== undefined && { endpoint }),
    ...(lookAgainAfterMs !== undefined && { lookAgainAfterMs }),
  };
}

function servesHere(plan: Plan, evidence: Evidence): boolean {
  const process = evidence.process;
  const answers = process?.pid !== undefined && process.readiness === 'ready' && process.endpoint !== undefined;
  return plan.admitted && evidence.deleting !== true && answers && resourcesReady(plan, evidence);
}

/** All replicas that are wanted are ready and of the newest template, none of an older one is left. */
function servesInCluster(plan: Plan, { deleting, managedElsewhere, workload }: Evidence): boolean {
  if (!plan.admitted || deleting === true || managedElsewhere !== undefined || workload === undefined) return false;
  const { observed, wantedReplicas: wanted, readyReplicas, updatedReplicas, replicas = updatedReplicas } = workload;
  return observed && wanted > 0 && readyReplicas >= wanted && updatedReplicas >= wanted && replicas <= updatedReplicas;
}

function findCause(view: View): RootCause {
  for (const policy of policies) {
    const cause = policy(view);
    if (cause !== undefined) return cause;
  }
  return waiting(view);
}

/** A phase that does not go on before a person acts has failed. */
function halted(phase: Phase, cause: RootCause | undefined): Phase {
  return cause?.needs === 'person' && phase.state === 'running' ? { ...phase, state: 'failed' } : phase;
}

function stateOf(workspace: Workspace, ready: boolean, previous: readonly Condition[]): WorkspaceState {
  if (ready) return 'Ready';
  const before = workspace.status?.state;
  const wasReady = before === 'Ready' || before === 'NotReady' || isTrue(previous, conditionTypes.workspaceSucceeded);
  return wasReady ? 'NotReady' : 'Pending';
}
