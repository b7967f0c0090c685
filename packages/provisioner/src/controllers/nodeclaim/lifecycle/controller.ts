import type { NodeClaim } from '@kaito/api';
import {
  type Change,
  type Controller,
  type ControllerMetrics,
  createController,
  itself,
  keyOf,
  type Live,
  source,
} from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { indexes, poolOf } from '../../../cache/caches.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { reconcileClaim } from './reconcile.ts';

export const lifecycleControllerName = 'nodeclaim.lifecycle';

/** The controller of NodeClaims; looks at one again whenever it, its node or its class changes, and when its turn at pool operations comes. */
export function createLifecycleController(deps: Dependencies, metrics?: ControllerMetrics): Controller {
  const { caches, clock, logger, options } = deps;
  const controller: Controller = createController({
    name: lifecycleControllerName,
    sources: [
      source(caches.nodeClaims, newsOfClaim),
      source(caches.nodes, claimsOfNode),
      source(caches.nodeClasses, ({ object }) =>
        caches.nodeClaims.byIndex(indexes.nodeClass, object.metadata.name ?? '').map((claim) => keyOf(claim)),
      ),
    ],
    reconcile: reconcileClaim(deps, (key) => controller.enqueue(key)),
    concurrency: options.concurrency,
    queue: { backoff: { firstMs: 200, maxMs: 60_000 } },
    clock,
    logger,
    ...(metrics !== undefined && { metrics }),
  });
  return controller;
}

/** What we wrote ourselves is no news, except that the claim is being deleted. */
function newsOfClaim(change: Change<Live<NodeClaim>>): readonly string[] {
  const ours =
    change.type === 'updated' &&
    change.own === true &&
    change.previous.metadata.deletionTimestamp === change.object.metadata.deletionTimestamp;
  return ours ? [] : itself(change);
}

/** The claim that a node is owned by, and the one of its pool's name. A heartbeat that changes nothing wakes nobody. */
function claimsOfNode(change: Change<Live<Node>>): readonly string[] {
  if (change.type === 'updated' && sameToUs(change.object, change.previous)) return [];
  const { metadata } = change.object;
  const owners = (metadata.ownerReferences ?? []).flatMap(({ kind, name }) => (kind === 'NodeClaim' ? name : []));
  return [...new Set([...owners, ...[poolOf(change.object) ?? []].flat()])];
}

function sameToUs(a: Live<Node>, b: Live<Node>): boolean {
  return essence(a) === essence(b);
}

function essence({ metadata, spec, status }: Live<Node>): string {
  const conditions = status?.conditions?.map(({ type, status, reason }) => [type, status, reason]);
  const { resourceVersion: _, ...lasting } = metadata;
  return JSON.stringify([lasting, spec, conditions, status?.capacity, status?.allocatable]);
}
