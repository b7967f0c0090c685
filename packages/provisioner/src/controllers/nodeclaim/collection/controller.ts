import { isTrue, type NodeClaim, nodeClaimConditions, registeredLabel, terminationFinalizer } from '@kaito/api';
import { type AgentPool, AzureError } from '@kaito/azure';
import {
  type Controller,
  type ControllerMetrics,
  createController,
  type Live,
  type Logger,
  type Result,
  source,
} from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { isManaged } from '../../../agent-pool/managed.ts';
import { isNodeOf, isOfOurPools, nodesOf } from '../../../agent-pool/nodes.ts';
import { claimUIDOf } from '../../../agent-pool/ownership.ts';
import { poolOf } from '../../../cache/caches.ts';
import { nodeClaims } from '../../../cache/resources.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { releaseNode } from '../../node/termination/release-node.ts';
import { endClaim } from '../lifecycle/end-claim.ts';
import { leakedPools } from './leaked-pools.ts';

export const collectionControllerName = 'nodeclaim.collection';

/** Between two looks at all agent pools, ms; the Go provisioner's figure. */
const everyMs = 120_000;
/** Between two looks at a pool that is being deleted, ms. Our choice. */
const lookAgainMs = 5_000;
/** The one key of the look itself; the names of leaked pools are the others. */
const everything = '*';

/**
 * Compares the cluster's agent pools with the NodeClaims, once in a while: pools of ours without a claim are deleted, claims whose pool is gone
 * and whose node is not Ready are ended, nodes of claims that are no more are let go. One list of pools serves all.
 */
export function createCollectionController(deps: Dependencies, metrics?: ControllerMetrics): Controller {
  const { caches, clock, logger } = deps;
  const leaked = new Map<string, string>();
  let told = '';
  const controller: Controller = createController({
    name: collectionControllerName,
    sources: [source(caches.nodeClaims, () => []), source(caches.nodes, () => [])],
    clock,
    logger,
    ...(metrics !== undefined && { metrics }),
    reconcile: async (key, { signal }): Promise<Result> =>
      key === everything ? await look(signal) : await collect(key, signal),
  });
  return {
    ...controller,
    get depth() {
      return controller.depth;
    },
    run(signal) {
      controller.enqueue(everything);
      return controller.run(signal);
    },
  };

  async function look(signal: AbortSignal): Promise<Result> {
    let pools: readonly AgentPool[];
    try {
      pools = await deps.agentPools.list({ signal });
      if (told !== '') logger.log('info', 'agent pools can be listed again');
      told = '';
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      if (told !== error.code) tellRefusal(error, logger);
      told = error.code;
      return { requeueAfterMs: everyMs };
    }
    // The claims after the pools: a pool whose claim is missing here was made before its claim ended.
    const { items } = await deps.client.list(nodeClaims);
    const uids = new Set(items.map(({ metadata }) => metadata.uid ?? ''));
    for (const pool of leakedPools(pools, uids, clock.now())) {
      if (!leaked.has(pool.name)) {
        logger.log('warn', 'an agent pool of ours has no NodeClaim any more; it is deleted', { pool: pool.name });
      }
      leaked.set(pool.name, claimUIDOf(pool)!);
      controller.enqueue(pool.name);
    }
    for (const claim of items.filter(isManaged)) await endVanished(claim, pools, signal);
    for (const node of caches.nodes.list()) await releaseOrphan(node, items, pools);
    return { requeueAfterMs: everyMs };
  }

  /** One leaked pool, by and by. */
  async function collect(name: string, signal: AbortSignal): Promise<Result> {
    const uid = leaked.get(name);
    const key = `leaked/${name}`;
    if (uid === undefined) return {};
    const pool = await deps.agentPools.get(name, { signal });
    if (pool === undefined || claimUIDOf(pool) !== uid) {
      leaked.delete(name);
      deps.queue.leave(key);
      return {};
    }
    if (pool.properties.provisioningState === 'Deleting') return { requeueAfterMs: lookAgainMs };
    if (!deps.queue.enter(key, () => controller.enqueue(name))) return {};
    try {
      const { etag } = pool;
      const begun = await deps.agentPools.delete(name, { signal, ...(etag !== undefined && { etag }) });
      return begun === 'gone' ? {} : { requeueAfterMs: begun?.retryAfterMs ?? lookAgainMs };
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      if (error.code === 'OperationInProgress') {
        deps.queue.refused(key, error.retryAfterMs);
        deps.queue.enter(key, () => controller.enqueue(name));
        return {};
      }
      deps.queue.leave(key);
      logger.log('warn', 'a leaked agent pool could not be deleted', { pool: name, error, remedy: error.remedy });
      return { requeueAfterMs: error.retryAfterMs ?? everyMs };
    }
  }

  /** Its pool was deleted by hand, or its machine taken away. A Ready node is trusted more than a list. */
  async function endVanished(claim: Live<NodeClaim>, pools: readonly AgentPool[], signal: AbortSignal): Promise<void> {
    const { name: poolName = '', deletionTimestamp } = claim.metadata;
    if (deletionTimestamp !== undefined) return;
    if (!isTrue(claim.status?.conditions, nodeClaimConditions.launched)) return;
    if (pools.some(({ name }) => name === poolName)) return;
    if (nodesOf(claim, caches).some(isReady)) return;
    // It may have been made since the list.
    if ((await deps.agentPools.get(poolName, { signal })) !== undefined) return;
    const message = `agent pool ${poolName} is gone: somebody deleted it`;
    await endClaim(claim, { type: 'Warning', reason: 'AgentPoolGone', message }, deps);
  }

  /** A node that was registered for a claim that is no more, and whose pool is gone. */
  async function releaseOrphan(
    node: Live<Node>,
    claims: readonly Live<NodeClaim>[],
    pools: readonly AgentPool[],
  ): Promise<void> {
    const { labels, finalizers } = node.metadata;
    const wasOurs =
      isOfOurPools(node) && labels?.[registeredLabel] === 'true' && finalizers?.includes(terminationFinalizer) === true;
    const name = poolOf(node);
    if (!wasOurs || name === undefined || pools.some((pool) => pool.name === name)) return;
    if (claims.some((claim) => isNodeOf(node, claim)) || isReady(node)) return;
    logger.log('warn', 'a node has neither a NodeClaim nor a machine any more; it is let go', {
      node: node.metadata.name,
    });
    await releaseNode(node, deps);
  }
}

function isReady({ status }: Live<Node>): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** Once for each turn, however long it lasts. */
function tellRefusal({ code, message, remedy }: AzureError, logger: Logger): void {
  logger.log('error', `agent pools cannot be listed: ${message}`, { code, remedy });
}
