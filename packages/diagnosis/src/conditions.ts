import {
  type Condition,
  type ConditionUpdate,
  type Workspace,
  conditionReasons as reasons,
  conditionTypes as types,
  setCondition,
} from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { RootCause } from './assessment.ts';
import type { Evidence, NodesEvidence } from './evidence.ts';
import { brief, withoutStop } from './brevity.ts';
import { failingNodeClaim, nodesAreReady } from './nodes.ts';
import { formatSeconds } from './measure.ts';
import { inferenceReason } from './inference-reason.ts';

type Draft = ConditionUpdate;

function draft(type: string, holds: boolean, reason: string, message: string): Draft {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

function nodesReady(nodes: NodesEvidence): Draft {
  const pressure = (nodes.underPressure ?? []).map((node) => `${node.name} (${node.pressures.join(', ')})`);
  const warning =
    pressure.length === 0 ? '' : `; warning: worker node(s) under resource pressure: ${pressure.join(', ')}`;
  if (nodesAreReady(nodes)) return draft(types.nodesReady, true, reasons.nodesReady, `Nodes are ready${warning}`);
  const withoutPlugin = nodes.withoutPlugin ?? [];
  return withoutPlugin.length > 0
    ? draft(
        'NodesReady',
        false,
        'NodePluginsNotReady',
        `no GPU is offered yet by ${withoutPlugin.join(', ')}${warning}`,
      )
    : draft(types.nodesReady, false, reasons.nodeNotReady, `Not enough Nodes are ready${warning}`);
}

function nodeClaimReady(claims: NonNullable<Evidence['nodeClaims']>): Draft {
  const failing = failingNodeClaim(claims);
  return failing === undefined
    ? draft(types.nodeClaimReady, true, reasons.nodeClaimsReady, 'NodeClaims are ready')
    : draft(types.nodeClaimReady, false, failing.reason, brief(failing.message));
}

function resourceReady(plan: Plan, evidence: Evidence, cause: RootCause | undefined, parts: readonly Draft[]): Draft {
  if (plan.target === 'cluster' && evidence.deleting === true) {
    return draft(types.resourceReady, false, reasons.resourceStatusNotReady, cause?.message ?? 'it is given back');
  }
  const failing = parts.find((part) => part.status !== 'True');
  if (failing !== undefined) return draft(types.resourceReady, false, failing.reason, failing.message);
  return plan.admitted
    ? draft(types.resourceReady, true, reasons.resourceStatusSuccess, 'workspace resource is ready')
    : draft(types.resourceReady, false, reasons.resourceStatusFailed, cause?.message ?? 'the Plan was refused');
}

/** True when nothing about the machines stands in the way. */
export function resourcesReady(plan: Plan, evidence: Evidence): boolean {
  return (
    plan.admitted &&
    (evidence.nodes === undefined || nodesAreReady(evidence.nodes)) &&
    failingNodeClaim(evidence.nodeClaims) === undefined
  );
}

/** In a cluster a condition's message says what to do as well: it is what people see first. */
function messageOf(plan: Plan, cause: RootCause | undefined): string {
  if (cause === undefined) return '';
  if (plan.target === 'local' || cause.remedy === undefined) return cause.message;
  return `${withoutStop(cause.message)}. Remedy: ${cause.remedy}`;
}

function updateAvailable({ difference, downtimeSeconds, waitsFor }: NonNullable<Evidence['update']>): Draft {
  const cost =
    downtimeSeconds === undefined
      ? ''
      : downtimeSeconds === 0
        ? '; it costs no downtime'
        : `; it costs about ${formatSeconds(downtimeSeconds)} without service`;
  const next = waitsFor === undefined ? '' : `; it waits for ${waitsFor}`;
  const what = brief(difference.join('; '));
  return draft(types.updateAvailable, true, 'UpdateHeld', `a newer version would change: ${what}${cost}${next}`);
}

/** Of a Workspace that another operator looks after, that alone. */
function parts(plan: Plan, evidence: Evidence, cause: RootCause | undefined): Draft[] {
  if (evidence.managedElsewhere !== undefined) {
    return [draft(types.managedElsewhere, true, 'AnotherOperator', messageOf(plan, cause))];
  }
  const nodeParts = [
    ...(evidence.nodeClaims === undefined ? [] : [nodeClaimReady(evidence.nodeClaims)]),
    ...(evidence.nodes === undefined ? [] : [nodesReady(evidence.nodes)]),
  ];
  const failed = cause?.needs === 'person';
  const message = messageOf(plan, cause);
  return [
    ...nodeParts,
    resourceReady(plan, evidence, cause, nodeParts),
    cause === undefined
      ? draft(types.inferenceReady, true, reasons.inferenceStatusSuccess, 'Inference has been deployed successfully')
      : draft(types.inferenceReady, false, inferenceReason(plan, cause), message),
    cause === undefined
      ? draft(types.workspaceSucceeded, true, reasons.workspaceSucceeded, 'workspace succeeds')
      : draft(types.workspaceSucceeded, false, failed ? reasons.workspaceFailed : reasons.workspacePending, message),
    cause === undefined
      ? draft(types.workspaceReady, true, reasons.workspaceReady, 'workspace is ready')
      : draft(types.workspaceReady, false, failed ? reasons.workspaceFailed : reasons.workspacePending, message),
    ...(evidence.deleting === true
      ? [draft(types.workspaceDeleting, true, reasons.workspaceDeleted, 'workspace is being deleted')]
      : []),
    ...(evidence.update === undefined ? [] : [updateAvailable(evidence.update)]),
  ];
}

/**
 * The operator's conditions, `cause` being absent exactly when the Workspace is Ready. Types and reasons are those of KAITO v0.2 and
 * v0.12, so that what people have written against them goes on working. `lastTransitionTime` is kept from `previous` while the status
 * stays the same.
 */
export function describeConditions(
  workspace: Workspace,
  plan: Plan,
  evidence: Evidence,
  cause: RootCause | undefined,
  now: Date,
  previous: readonly Condition[],
): Condition[] {
  const generation = workspace.metadata.generation;
  return parts(plan, evidence, cause).flatMap((condition) =>
    setCondition(
      previous.filter((candidate) => candidate.type === condition.type),
      { ...condition, ...(generation !== undefined && { observedGeneration: generation }) },
      now,
    ),
  );
}
