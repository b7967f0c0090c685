import { workspaceLabel } from '@kaito/api';
import { byLabels, type Controller, type ControllerMetrics, createController, itself, source } from '@kaito/kube';
import {
  waitersForNodesOf,
  waitersForProvisioner,
  waitersForRoomOf,
  workspaceOfNodeClaim,
  workspacesWantingNode,
} from '../nodes/index.ts';
import { type LifecycleDependencies, reconcileWorkspace } from './reconcile.ts';

export const lifecycleControllerName = 'workspace.lifecycle';

/** The controller of Workspaces; looks at one again whenever something of it, or a node it may use, changes. */
export function createLifecycleController(deps: LifecycleDependencies, metrics?: ControllerMetrics): Controller {
  const { caches, options, clock, logger } = deps;
  const labelled = { name: workspaceLabel };
  const controller: Controller = createController({
    name: lifecycleControllerName,
    sources: [
      source(caches.workspaces, itself),
      source(caches.services, byLabels(labelled)),
      source(caches.deployments, byLabels(labelled)),
      source(caches.statefulSets, byLabels(labelled)),
      source(caches.revisions, () => []),
      source(caches.pods, byLabels(labelled)),
      source(caches.nodeClaims, workspaceOfNodeClaim),
      source(caches.provisioners, waitersForProvisioner(caches)),
      source(caches.nodes, workspacesWantingNode(caches, deps.ledger)),
      source(caches.workspaces, waitersForNodesOf(caches, deps.ledger)),
      source(caches.pods, waitersForRoomOf(caches, deps.ledger)),
    ],
    reconcile: reconcileWorkspace(deps, (key) => controller.enqueue(key)),
    concurrency: options.concurrency,
    clock,
    logger,
    ...(metrics !== undefined && { metrics }),
  });
  return controller;
}
