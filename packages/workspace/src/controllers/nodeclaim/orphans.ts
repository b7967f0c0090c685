import {
  type NodeClaim,
  type Workspace,
  workspaceLabel,
  workspaceNamespaceLabel,
  workspaceUIDAnnotation,
} from '@kaito/api';
import {
  type Change,
  type Controller,
  type ControllerMetrics,
  createController,
  isNotFound,
  itself,
  keyOf,
  source,
} from '@kaito/kube';
import { indexes, type Live } from '../../cache/caches.ts';
import type { Dependencies } from '../workspace/dependencies.ts';
import { deleteClaim } from '../workspace/nodes/delete-claim.ts';

export const orphanControllerName = 'nodeclaim.orphans';

/** How long a claim without its Workspace is left alone: a deletion in order has its own hand on it. Our choice. */
export const graceMs = 60_000;

type Given = Pick<Dependencies, 'caches' | 'client' | 'clock' | 'logger'>;

/**
 * Deletes NodeClaims of ours whose Workspace is no more: its namespace was taken away, or somebody removed the finalizer by hand. Before the
 * deletion the API server itself is asked for the Workspace. A claim without our annotation is nobody's business here. It sleeps until a claim
 * or a Workspace changes.
 */
export function createOrphanController(deps: Given, metrics?: ControllerMetrics): Controller {
  const { caches, clock, logger } = deps;
  const orphanedAt = new Map<string, number>();
  return createController({
    name: orphanControllerName,
    sources: [
      source(caches.nodeClaims, ownChange),
      source(caches.workspaces, (change) =>
        change.type === 'deleted'
          ? caches.nodeClaims.byIndex(indexes.workspace, keyOf(change.object)).map((claim) => keyOf(claim))
          : [],
      ),
    ],
    clock,
    logger,
    ...(metrics !== undefined && { metrics }),
    reconcile: async (key) => {
      const claim = caches.nodeClaims.get(key);
      const uid = claim?.metadata.uid ?? '';
      if (claim === undefined || claim.metadata.deletionTimestamp !== undefined || !isOrphan(claim, deps)) {
        orphanedAt.delete(key);
        return {};
      }
      const now = clock.monotonic();
      const since = orphanedAt.get(key) ?? now;
      orphanedAt.set(key, since);
      const left = since + graceMs - now;
      if (left > 0) return { requeueAfterMs: left };
      const exists = await workspaceExists(claim, deps);
      if (!exists) await deleteClaim(claim, deps);
      orphanedAt.delete(key);
      if (exists) return {};
      logger.log('info', 'NodeClaim deleted: its Workspace is no more', {
        nodeClaim: key,
        uid,
        workspace: workspaceKey(claim),
      });
      return {};
    },
  });
}

/** Claims of ours when they come or their labels change; what the provisioner tells of them does not matter. */
function ownChange(change: Change<Live<NodeClaim>>): readonly string[] {
  if (change.object.metadata.annotations?.[workspaceUIDAnnotation] === undefined) return [];
  const relevant =
    change.type !== 'updated' ||
    workspaceKey(change.object) !== workspaceKey(change.previous) ||
    change.previous.metadata.annotations?.[workspaceUIDAnnotation] === undefined;
  return relevant ? itself(change) : [];
}

function workspaceKey({ metadata }: Live<NodeClaim>): string {
  return `${metadata.labels?.[workspaceNamespaceLabel] ?? ''}/${metadata.labels?.[workspaceLabel] ?? ''}`;
}

function owns(workspace: Live<Workspace> | undefined, claim: Live<NodeClaim>): boolean {
  return workspace?.metadata.uid === claim.metadata.annotations?.[workspaceUIDAnnotation];
}

function isOrphan(claim: Live<NodeClaim>, { caches }: Given): boolean {
  if (claim.metadata.annotations?.[workspaceUIDAnnotation] === undefined) return false;
  if (owns(caches.workspaces.get(workspaceKey(claim)), claim)) return false;
  // Its labels may have been changed by hand.
  return !caches.workspaces.list().some((workspace) => owns(workspace, claim));
}

/** Looks at the API server itself. @throws ApiError, ConnectionError */
async function workspaceExists(claim: Live<NodeClaim>, { caches, client }: Given): Promise<boolean> {
  const { [workspaceLabel]: name, [workspaceNamespaceLabel]: namespace } = claim.metadata.labels ?? {};
  if (name === undefined || namespace === undefined) {
    const { items } = await client.list(caches.workspaces.resource);
    return items.some((workspace) => owns(workspace, claim));
  }
  try {
    return owns(await client.get(caches.workspaces.resource, { namespace, name }), claim);
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
