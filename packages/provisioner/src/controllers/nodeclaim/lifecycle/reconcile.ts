import {
  type Condition,
  type ConditionUpdate,
  isTrue,
  type NodeClaim,
  nodeClaimConditions,
  type NodeClaimStatus,
  setCondition,
  terminationFinalizer,
} from '@kaito/api';
import { ensureFinalizer, type Live, type Reconcile, type Result } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { isManaged } from '../../../agent-pool/managed.ts';
import { nodesOf } from '../../../agent-pool/nodes.ts';
import { nodeClaims } from '../../../cache/resources.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { fieldManager } from '../../../options.ts';
import { initialize } from '../initialization/initialization.ts';
import { launch } from '../launch/launch.ts';
import { register, statusOf } from '../registration/registration.ts';
import { terminate } from '../termination/terminate.ts';
import { announce } from './announce.ts';
import { endClaim } from './end-claim.ts';
import { expiry } from './expiry.ts';
import { lossOf, readiness } from './readiness.ts';
import { becomes, type Step } from './step.ts';
import { writeStatus } from './write-claim.ts';

const { launched, registered, initialized, ready } = nodeClaimConditions;

/** One look at a NodeClaim: each condition has its own step; the status is written once, at the end, also where a step failed. */
export function reconcileClaim(deps: Dependencies, wake: (key: string) => void): Reconcile {
  return async (key, { signal, logger }) => {
    const found = deps.caches.nodeClaims.get(key);
    if (found === undefined || !isManaged(found)) {
      deps.queue.leave(key);
      return {};
    }
    const working = { ...deps, logger, signal, wake };
    if (found.metadata.deletionTimestamp !== undefined) return await terminate(found, working);
    const claim = await ensureFinalizer(deps.client, nodeClaims, found, terminationFinalizer, { fieldManager });
    deps.caches.nodeClaims.remember(claim);
    return await fulfil(claim, working);
  };
}

type Working = Dependencies & { readonly signal: AbortSignal; wake(key: string): void };

async function fulfil(stored: Live<NodeClaim>, deps: Working): Promise<Result> {
  const before = stored.status;
  const now = deps.clock.now();
  let claim: Live<NodeClaim> = withStatus(stored, firstConditions(stored, now));
  let inQueue = false;
  let end: Step['end'];
  let requeueAfterMs = Infinity;
  const failures: unknown[] = [];

  const take = (step: Step): void => {
    inQueue ||= step.inQueue === true;
    end ??= step.end;
    requeueAfterMs = Math.min(requeueAfterMs, step.requeueAfterMs ?? Infinity);
    const status = { ...claim.status, ...step.status };
    claim = withCondition(withStatus(step.claim, status), step.condition, now);
  };
  const run = async (type: string, work: () => Promise<Step>): Promise<void> => {
    if (isTrue(claim.status?.conditions, type)) return;
    try {
      take(await work());
    } catch (error) {
      failures.push(error);
      // What the failed step wrote before it failed is in the cache.
      const written = deps.caches.nodeClaims.get({ name: stored.metadata.name ?? '' });
      if (written?.metadata.uid === stored.metadata.uid) claim = withStatus(written!, claim.status ?? {});
    }
  };

  await run(launched, () => launch(claim, deps));
  if (failures.length === 0) await run(registered, () => register(claim, deps));
  const node = isTrue(claim.status?.conditions, registered) ? nodesOf(claim, deps.caches)[0] : undefined;
  if (failures.length === 0) await run(initialized, () => initialize(claim, node, deps));
  claim = withNode(claim, node, now);
  if (failures.length === 0) {
    const ending = isTrue(claim.status?.conditions, registered) ? lossOf(claim, node, now) : undefined;
    if (ending !== undefined && 'end' in ending) end ??= ending.end;
    const expires = expiry(claim, now);
    if (expires !== undefined && 'end' in expires) end ??= expires.end;
    for (const each of [ending, expires]) {
      if (each !== undefined && 'waitMs' in each) requeueAfterMs = Math.min(requeueAfterMs, each.waitMs);
    }
  }

  if (!inQueue && failures.length === 0) deps.queue.leave(claim.metadata.name ?? '');
  const written = await writeStatus(withStatus(claim, before), claim.status ?? {}, deps);
  announce(before, written.status ?? {}, deps, written);
  if (failures.length > 0) throw failures[0];
  if (end !== undefined) {
    await endClaim(written, { type: 'Warning', ...end }, deps);
    return {};
  }
  return requeueAfterMs === Infinity ? {} : { requeueAfterMs };
}

function withStatus(claim: Live<NodeClaim>, status: NodeClaimStatus | undefined): Live<NodeClaim> {
  if (status === undefined) {
    const { status: _, ...rest } = claim;
    return rest as Live<NodeClaim>;
  }
  return { ...claim, status };
}

function withCondition(claim: Live<NodeClaim>, update: ConditionUpdate, now: Date): Live<NodeClaim> {
  const { generation } = claim.metadata;
  const full = generation === undefined ? update : { ...update, observedGeneration: generation };
  const conditions = setCondition(claim.status?.conditions ?? [], full, now);
  return withStatus(claim, { ...claim.status, conditions: [...conditions] });
}

/** Conditions nobody has set, as Karpenter begins them. */
function firstConditions(claim: Live<NodeClaim>, now: Date): NodeClaimStatus {
  const conditions: readonly Condition[] = [launched, registered, initialized, ready].reduce(
    (list: readonly Condition[], type) =>
      list.some((each) => each.type === type)
        ? list
        : setCondition(
            list,
            becomes(type, 'Unknown', 'AwaitingReconciliation', 'object is awaiting reconciliation'),
            claim.metadata.creationTimestamp ?? now,
          ),
    claim.status?.conditions ?? [],
  );
  return { ...claim.status, conditions: [...conditions] };
}

/** How the node is now. */
function withNode(claim: Live<NodeClaim>, node: Live<Node> | undefined, now: Date): Live<NodeClaim> {
  const seen = node === undefined ? claim : withStatus(claim, { ...claim.status, ...statusOf(node) });
  return withCondition(seen, readiness(seen.status?.conditions ?? [], node), now);
}
