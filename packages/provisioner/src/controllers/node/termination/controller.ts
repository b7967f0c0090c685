import { type NodeClaim, terminationFinalizer } from '@kaito/api';
import {
  type Controller,
  type ControllerMetrics,
  createController,
  isNotFound,
  itself,
  type Live,
  type Result,
  source,
} from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { isNodeOf, isOfOurPools } from '../../../agent-pool/nodes.ts';
import { poolOf } from '../../../cache/caches.ts';
import { nodeClaims } from '../../../cache/resources.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { endClaim } from '../../nodeclaim/lifecycle/end-claim.ts';
import { releaseNode } from './release-node.ts';

export const nodeTerminationControllerName = 'node.termination';

/** How often a node without a claim is looked at while it is being emptied, ms. */
const lookAgainMs = 10_000;

/**
 * Nodes that somebody deletes: their claim is deleted with them, whose end empties the node and takes the machine away. A node of a claim
 * that is no more is emptied and let go.
 */
export function createNodeTerminationController(deps: Dependencies, metrics?: ControllerMetrics): Controller {
  const { caches, clock, logger } = deps;
  return createController({
    name: nodeTerminationControllerName,
    sources: [
      source(caches.nodes, (change) => (isLeaving(change.object) && change.type !== 'deleted' ? itself(change) : [])),
    ],
    clock,
    logger,
    concurrency: 5,
    ...(metrics !== undefined && { metrics }),
    reconcile: async (key): Promise<Result> => {
      const node = caches.nodes.get(key);
      if (node === undefined || !isLeaving(node)) return {};
      const claim = await claimOf(node, deps);
      if (claim === undefined) return await leave(node, deps);
      if (claim.metadata.deletionTimestamp === undefined) {
        const message = `node ${key} is being deleted, and its machine with it`;
        await endClaim(claim, { type: 'Normal', reason: 'NodeDeleted', message }, deps);
      }
      return { requeueAfterMs: lookAgainMs };
    },
  });
}

function isLeaving(node: Live<Node>): boolean {
  const { deletionTimestamp, finalizers } = node.metadata;
  return deletionTimestamp !== undefined && finalizers?.includes(terminationFinalizer) === true && isOfOurPools(node);
}

async function leave(node: Live<Node>, deps: Dependencies): Promise<Result> {
  const drained = await deps.drainer.drain(node, undefined);
  if (drained !== 'drained') return { requeueAfterMs: drained.requeueAfterMs };
  await releaseNode(node, deps);
  return {};
}

/**
 * The claim of a node; where the cache has none, the API server itself is asked, as a claim may be newer than the cache.
 *
 * @throws ApiError
 */
export async function claimOf(
  node: Live<Node>,
  { caches, client }: Pick<Dependencies, 'caches' | 'client'>,
): Promise<Live<NodeClaim> | undefined> {
  const owner = node.metadata.ownerReferences?.find(({ kind }) => kind === 'NodeClaim')?.name;
  const name = owner ?? poolOf(node);
  if (name === undefined) return undefined;
  const cached = caches.nodeClaims.get({ name });
  if (cached !== undefined && isNodeOf(node, cached)) return cached;
  try {
    const claim = await client.get(nodeClaims, { name });
    return isNodeOf(node, claim) ? claim : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
