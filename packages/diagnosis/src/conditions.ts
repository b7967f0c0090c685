import type { Condition, Workspace } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { RootCause } from './assessment.ts';
import type { Evidence, NodesEvidence } from './evidence.ts';
import { failingNodeClaim, nodesAreReady } from './nodes.ts';

type Draft = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** Kubernetes' `metav1.Time`: RFC 3339 in whole seconds. */
function kubernetesTime(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function draft(type: string, holds: boolean, reason: string, message: string): Draft {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

function nodesReady(nodes: NodesEvidence): Draft {
  const pressure = (nodes.underPressure ?? []).map((node) => `${node.name} (${node.pressures.join(', ')})`);
  const warning =
    pressure.length === 0 ? '' : `; warning: worker node(s) under resource pressure: ${pressure.join(', ')}`;
  if (nodesAreReady(nodes)) return draft('NodesReady', true, 'NodesReady', `Nodes are ready${warning}`);
  const withoutPlugin = nodes.withoutPlugin ?? [];
  return withoutPlugin.length > 0
    ? draft(
        'NodesReady',
        false,
        'NodePluginsNotReady',
        `no GPU is offered yet by ${withoutPlugin.join(', ')}${warning}`,
      )
    : draft('NodesReady', false, 'NodeNotReady', `Not enough Nodes are ready${warning}`);
}

function nodeClaimReady(claims: NonNullable<Evidence['nodeClaims']>): Draft {
  const failing = failingNodeClaim(claims);
  return failing === undefined
    ? draft('NodeClaimReady', true, 'NodeClaimsReady', 'NodeClaims are ready')
    : draft('NodeClaimReady', false, failing.reason, failing.message);
}

function resourceReady(plan: Plan, cause: RootCause | undefined, parts: readonly Draft[]): Draft {
  const failing = parts.find((part) => part.status !== 'True');
  if (failing !== undefined) return draft('ResourceReady', false, failing.reason, failing.message);
  return plan.admitted
    ? draft('ResourceReady', true, 'workspaceResourceStatusSuccess', 'workspace resource is ready')
    : draft('ResourceReady', false, 'workspaceResourceStatusFailed', cause?.message ?? 'the Plan was refused');
}

/** True when nothing about the machines stands in the way. */
export function resourcesReady(plan: Plan, evidence: Evidence): boolean {
  return (
    plan.admitted &&
    (evidence.nodes === undefined || nodesAreReady(evidence.nodes)) &&
    failingNodeClaim(evidence.nodeClaims) === undefined
  );
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
  const nodeParts = [
    ...(evidence.nodeClaims === undefined ? [] : [nodeClaimReady(evidence.nodeClaims)]),
    ...(evidence.nodes === undefined ? [] : [nodesReady(evidence.nodes)]),
  ];
  const failed = cause?.needs === 'person';
  const message = cause?.message ?? '';
  const drafts: Draft[] = [
    ...nodeParts,
    resourceReady(plan, cause, nodeParts),
    cause === undefined
      ? draft('InferenceReady', true, 'WorkspaceInferenceStatusSuccess', 'Inference has been deployed successfully')
      : draft(
          'InferenceReady',
          false,
          failed ? 'WorkspaceInferenceStatusFailed' : 'WorkspaceInferenceStatusPending',
          message,
        ),
    cause === undefined
      ? draft('WorkspaceSucceeded', true, 'workspaceSucceeded', 'workspace succeeds')
      : draft('WorkspaceSucceeded', false, failed ? 'workspaceFailed' : 'workspacePending', message),
    cause === undefined
      ? draft('WorkspaceReady', true, 'workspaceReady', 'workspace is ready')
      : draft('WorkspaceReady', false, failed ? 'workspaceFailed' : 'workspacePending', message),
    ...(evidence.deleting === true
      ? [draft('WorkspaceDeleting', true, 'workspaceDeleted', 'workspace is being deleted')]
      : []),
  ];
  const generation = workspace.metadata.generation;
  return drafts.map((condition) => {
    const before = previous.find((candidate) => candidate.type === condition.type);
    return {
      ...condition,
      lastTransitionTime: before?.status === condition.status ? before.lastTransitionTime : kubernetesTime(now),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  });
}
