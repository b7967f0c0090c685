import {
  type Condition,
  type Workspace,
  type WorkspacePhase,
  type WorkspacePlanSummary,
  type WorkspaceStatus,
  conditionTypes as types,
  setCondition,
} from '@kaito/api';
import { type Assessment, type Evidence, assess } from '@kaito/diagnosis';
import type { Plan } from '@kaito/planner';
import type { NodesOutcome } from '../nodes/outcome.ts';

export interface StatusInput {
  /** Its `status` is the one last written. */
  readonly workspace: Workspace;
  readonly plan: Plan;
  /** Name of the ControllerRevision that holds the Plan. */
  readonly revision?: string;
  /** From `gather`. */
  readonly evidence: Evidence;
  readonly nodes?: NodesOutcome;
  readonly now: Date;
}

export interface Judgement {
  readonly status: WorkspaceStatus;
  /** When time alone may change the judgement: look again then. */
  readonly lookAgainAfterMs?: number;
}

/** The conditions that this operator writes, and takes back where they hold no longer; those of others stay. */
const ours: ReadonlySet<string> = new Set([
  types.nodesReady,
  types.nodeClaimReady,
  types.machineReady,
  types.resourceReady,
  types.inferenceReady,
  types.workspaceReady,
  types.workspaceSucceeded,
  types.workspaceDeleting,
  types.updateAvailable,
  types.managedElsewhere,
]);

/**
 * The whole status of a Workspace, from what was seen. Pure. Fields and conditions that others have written are kept. Of a Workspace that
 * another operator looks after nothing is said but that.
 */
export function statusOf({ workspace, plan, revision, evidence, nodes, now }: StatusInput): Judgement {
  const previous = workspace.status ?? {};
  if (evidence.managedElsewhere !== undefined) return { status: passive(workspace, plan, evidence, now) };
  const assessment = assess(workspace, plan, evidence, now);
  const others = (previous.conditions ?? []).filter(({ type }) => !ours.has(type));
  const { rootCause: _cause, endpoint: _endpoint, plan: _plan, nodeClaims: _claims, ...kept } = previous;
  const claims = nodes === undefined ? previous.nodeClaims : nodes.claims;
  const generation = workspace.metadata.generation;
  const summary = revision === undefined ? previous.plan : summaryOf(plan, revision);
  return {
    status: {
      ...kept,
      state: assessment.state,
      conditions: [...assessment.conditions, ...others],
      phases: phasesOf(assessment, evidence),
      ...(assessment.rootCause !== undefined && { rootCause: { ...assessment.rootCause } }),
      ...(assessment.endpoint !== undefined && { endpoint: assessment.endpoint }),
      ...(summary !== undefined && { plan: summary }),
      ...(claims !== undefined && claims.length > 0 && { nodeClaims: [...claims] }),
      ...(nodes !== undefined && { workerNodes: [...nodes.workerNodes], targetNodeCount: nodes.nodes.wanted }),
      ...(generation !== undefined && { observedGeneration: generation }),
    },
    ...(assessment.lookAgainAfterMs !== undefined && { lookAgainAfterMs: assessment.lookAgainAfterMs }),
  };
}

function passive(workspace: Workspace, plan: Plan, evidence: Evidence, now: Date): WorkspaceStatus {
  const previous = workspace.status ?? {};
  const conditions: readonly Condition[] = previous.conditions ?? [];
  const named = assess(workspace, plan, evidence, now).conditions.find(({ type }) => type === types.managedElsewhere);
  return { ...previous, conditions: [...(named === undefined ? conditions : setCondition(conditions, named, now))] };
}

function phasesOf({ phases }: Assessment, evidence: Evidence): WorkspacePhase[] {
  return phases.map(({ name, state, startedAt, expectedSeconds, detail }) => {
    const endedAt = evidence.phases.find(({ phase }) => phase === name)?.endedAt;
    return {
      name,
      state,
      ...(startedAt !== undefined && { startedAt }),
      ...(state === 'done' && endedAt !== undefined && { endedAt }),
      ...(expectedSeconds !== undefined && { expectedSeconds: Math.round(expectedSeconds) }),
      ...(detail !== undefined && { detail }),
    };
  });
}

function summaryOf(plan: Plan, revision: string): WorkspacePlanSummary {
  const { model, runtime, shape, placement, pricePerHour } = plan;
  return {
    revision,
    ...(model !== undefined && { model: model.name }),
    ...(runtime?.image !== undefined && { image: runtime.image }),
    ...(shape !== undefined && { replicas: shape.replicas, gpusPerPod: shape.gpusPerPod }),
    ...(shape !== undefined && shape.contextLength > 0 && { contextLength: shape.contextLength }),
    ...(placement !== undefined && { machines: placement.machinesWanted }),
    ...(pricePerHour !== undefined && { price: `${pricePerHour.amount.toFixed(2)} ${pricePerHour.currency}/h` }),
  };
}
