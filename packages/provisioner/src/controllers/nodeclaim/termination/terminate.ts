import {
  type ConditionUpdate,
  isTrue,
  type NodeClaim,
  nodeClaimConditions,
  setCondition,
  terminationFinalizer,
} from '@kaito/api';
import { AzureError } from '@kaito/azure';
import { isInvalid, isNotFound, type Live, removeFinalizer, type Result } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { nodesOf } from '../../../agent-pool/nodes.ts';
import { type Removal, removePool } from '../../../agent-pool/remove-pool.ts';
import { nodeClaims } from '../../../cache/resources.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { reasonOf, withRemedy } from '../../../operations/failure-words.ts';
import { poolStateOf } from '../../../operations/pool-state.ts';
import { fieldManager } from '../../../options.ts';
import { releaseNode } from '../../node/termination/release-node.ts';
import { noteState } from '../launch/notes.ts';
import { announce } from '../lifecycle/announce.ts';
import { becomes } from '../lifecycle/step.ts';
import { writeStatus } from '../lifecycle/write-claim.ts';
import { deadlineOf, withDeadline } from './deadline.ts';

export interface Terminating extends Dependencies {
  readonly signal: AbortSignal;
  wake(key: string): void;
}

/**
 * Brings the end of a claim one step on: its nodes are emptied, its agent pool is deleted where it is its own (by name, also where no node was
 * ever seen or its creation is under way), its nodes are let go, and last its finalizer.
 *
 * @throws ApiError, ConnectionError
 */
export async function terminate(claim: Live<NodeClaim>, deps: Terminating): Promise<Result> {
  const { name = '', uid = '', finalizers } = claim.metadata;
  if (finalizers?.includes(terminationFinalizer) !== true) {
    deps.queue.leave(name);
    deps.backoff.forget(uid);
    return {};
  }
  let current = await withDeadline(claim, deps);
  const state = poolStateOf(current);
  const deleting = state?.phase === 'deleting' || state?.phase === 'discarding';
  try {
    if (!deleting) {
      const waits = await emptyNodes(current, deps);
      if (waits !== undefined) return waits;
    }
    const removal = await removePool(
      {
        claim: current,
        operation: deleting ? state.operation : undefined,
        asked: state !== undefined || isTrue(current.status?.conditions, nodeClaimConditions.launched),
        wake: () => deps.wake(name),
      },
      deps,
    );
    if (removal.state === 'queued') {
      current = await tell(
        current,
        becomes(
          nodeClaimConditions.ready,
          'False',
          'PoolOperationQueued',
          'its agent pool waits for its turn to be deleted',
        ),
        deps,
      );
      return {};
    }
    if (removal.state === 'running') return await follow(current, removal, deps);
    if (removal.state === 'failed') {
      current = await noteState(current, { phase: 'deleting' }, deps);
      throw removal.error;
    }
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    // Others may fare better meanwhile.
    if (poolStateOf(current)?.operation === undefined) deps.queue.leave(name);
    const message = withRemedy(`agent pool ${name} is not deleted yet: ${error.message}`, error.remedy);
    await tell(current, becomes(nodeClaimConditions.ready, 'False', reasonOf(error.code), message), deps);
    return { requeueAfterMs: deps.backoff.failed(uid, error) };
  }
  return await finish(current, deps);
}

async function follow(
  claim: Live<NodeClaim>,
  { operation, retryAfterMs }: Extract<Removal, { readonly state: 'running' }>,
  deps: Terminating,
): Promise<Result> {
  const noted = await noteState(claim, { phase: 'deleting', ...(operation && { operation }) }, deps);
  const message = `agent pool ${claim.metadata.name} is being deleted`;
  await tell(noted, becomes(nodeClaimConditions.ready, 'False', 'PoolDeleting', message), deps);
  return { requeueAfterMs: retryAfterMs };
}

/** @returns when to look again; undefined: they are empty, or their machine is gone. */
async function emptyNodes(claim: Live<NodeClaim>, deps: Terminating): Promise<Result | undefined> {
  const found = nodesOf(claim, deps.caches);
  if (found.some((node) => !isReady(node))) {
    // The kubelet of a machine that is gone ends no pods.
    const pool = await deps.agentPools.get(claim.metadata.name ?? '', { signal: deps.signal });
    if (pool === undefined) return undefined;
  }
  const results = await Promise.all(found.map((node) => deps.drainer.drain(node, deadlineOf(claim))));
  const waiting = results.filter((each) => each !== 'drained');
  if (waiting.length === 0) return undefined;
  const message = waiting.map(({ waitsFor }) => waitsFor).join('; ');
  await tell(claim, becomes(nodeClaimConditions.ready, 'False', 'Draining', message), deps);
  return { requeueAfterMs: Math.min(...waiting.map(({ requeueAfterMs }) => requeueAfterMs)) };
}

function isReady({ status }: Live<Node>): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

async function finish(claim: Live<NodeClaim>, deps: Terminating): Promise<Result> {
  const { name = '', uid = '', deletionTimestamp } = claim.metadata;
  for (const node of nodesOf(claim, deps.caches)) await releaseNode(node, deps);
  deps.queue.leave(name);
  deps.backoff.forget(uid);
  deps.pace.forget(name);
  const left = await removeFinalizer(deps.client, nodeClaims, claim, terminationFinalizer, { fieldManager });
  if (left === undefined || (left.metadata.finalizers ?? []).length === 0) deps.caches.nodeClaims.forget({ name }, uid);
  else deps.caches.nodeClaims.remember(left);
  const now = deps.clock.now().getTime();
  const state = poolStateOf(claim);
  const poolMs = state?.phase === 'deleting' ? now - Date.parse(state.since) : undefined;
  deps.metrics.claimTerminated(now - Date.parse(deletionTimestamp ?? ''), poolMs);
  deps.logger.log('info', 'NodeClaim is gone, with its machine');
  return {};
}

/**
 * Says how the deletion goes. A claim of an old KAITO may not be valid any more, so that its status cannot be written; its end does not hang
 * on that.
 */
async function tell(claim: Live<NodeClaim>, update: ConditionUpdate, deps: Terminating): Promise<Live<NodeClaim>> {
  const conditions = setCondition(claim.status?.conditions ?? [], update, deps.clock.now());
  try {
    const written = await writeStatus(claim, { ...claim.status, conditions: [...conditions] }, deps);
    announce(claim.status, written.status ?? {}, deps, written);
    return written;
  } catch (error) {
    if (isInvalid(error) || isNotFound(error)) return claim;
    throw error;
  }
}
