import { type Workspace, workspaceFinalizer } from '@kaito/api';
import {
  type Client,
  createController,
  ensureFinalizer,
  type EventRecorder,
  isConflict,
  isNotFound,
  itself,
  keyOf,
  mergePatch,
  refOf,
  removeFinalizer,
  silentLogger,
  source,
  systemClock,
} from '@kaito/kube';
import type { Live } from '../../../../cache/caches.ts';
import { createCaches } from '../../../../cache/create-caches.ts';
import type { Dependencies } from '../../dependencies.ts';
import { ensureNodes } from '../ensure-nodes.ts';
import { NodeLedger } from '../ledger.ts';
import type { NodesOutcome } from '../outcome.ts';
import { releaseNodes } from '../release-nodes.ts';
import { waitersForNodesOf, waitersForRoomOf, workspaceOfNodeClaim, workspacesWantingNode } from '../sources.ts';
import { catalog, options, planOf } from './world.ts';

export interface NodeOperator {
  readonly deps: Dependencies;
  /** What was last found for a Workspace of the namespace. */
  last(name: string): NodesOutcome | undefined;
  /** Resolves with what is found for it, once that is so. @throws Error after a minute */
  found(name: string, isSo: (outcome: NodesOutcome) => boolean): Promise<NodesOutcome>;
  /** Resolves when nothing waits to be looked at. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** The operator without anything but its nodes, for the Workspaces of one namespace: woken by watches alone, as the whole one is. */
export async function startNodeOperator(client: Client, namespace: string): Promise<NodeOperator> {
  const recorder: EventRecorder = { record: () => {}, flush: () => Promise.resolve() };
  const caches = createCaches({ client, clock: systemClock, logger: silentLogger });
  const ledger = new NodeLedger();
  const deps: Dependencies = {
    client,
    caches,
    catalog,
    clock: systemClock,
    ledger,
    logger: silentLogger,
    neighbour: () => undefined,
    options,
    recorder,
  };
  const outcomes = new Map<string, NodesOutcome>();
  const waiting = new Set<() => void>();
  const { workspaces } = caches;

  async function reconcile(key: string) {
    const found = workspaces.get(key);
    if (found === undefined || !key.startsWith(`${namespace}/`)) return {};
    if (found.metadata.deletionTimestamp !== undefined) {
      const { done } = await releaseNodes(found, deps);
      if (done) await removeFinalizer(client, workspaces.resource, found, workspaceFinalizer);
      return {};
    }
    const workspace = await ensureFinalizer(client, workspaces.resource, found, workspaceFinalizer);
    workspaces.remember(workspace);
    const outcome = await ensureNodes({ workspace, plan: planOf(workspace), deps });
    outcomes.set(key, outcome);
    await store(workspace, outcome);
    for (const look of waiting) look();
    return outcome.requeueAfterMs === undefined ? {} : { requeueAfterMs: outcome.requeueAfterMs };
  }

  async function store(workspace: Live<Workspace>, { workerNodes, claims }: NodesOutcome) {
    const { status = {} } = workspaces.get(keyOf(workspace)) ?? workspace;
    const gpusPerPod = planOf(workspace).shape?.gpusPerPod;
    const next = {
      ...status,
      workerNodes,
      nodeClaims: claims,
      plan: { revision: 'first', ...(gpusPerPod !== undefined && { gpusPerPod }) },
    };
    const patch = mergePatch(status, next);
    if (patch === undefined) return;
    try {
      workspaces.remember(
        await client.patch(
          workspaces.resource,
          refOf(keyOf(workspace)),
          { type: 'merge', body: { status: patch } },
          { subresource: 'status' },
        ),
      );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  const controller = createController({
    name: 'nodes',
    sources: [
      source(workspaces, itself),
      source(workspaces, waitersForNodesOf(caches, ledger)),
      source(caches.nodeClaims, workspaceOfNodeClaim),
      source(caches.nodes, workspacesWantingNode(caches, ledger)),
      source(caches.pods, waitersForRoomOf(caches, ledger)),
    ],
    reconcile,
    concurrency: 4,
    clock: systemClock,
    logger: silentLogger,
  });
  const end = new AbortController();
  const running = Promise.all([...caches.all.map((cache) => cache.run(end.signal)), controller.run(end.signal)]);
  await Promise.all(caches.all.map((cache) => cache.whenSynced(end.signal)));
  return {
    deps,
    last: (name) => outcomes.get(`${namespace}/${name}`),
    async found(name, isSo) {
      const done = Promise.withResolvers<NodesOutcome>();
      const look = () => {
        const outcome = outcomes.get(`${namespace}/${name}`);
        if (outcome !== undefined && isSo(outcome)) done.resolve(outcome);
      };
      const cancel = systemClock.after(60_000, () => {
        done.reject(new Error(`not so within a minute: ${JSON.stringify(outcomes.get(`${namespace}/${name}`))}`));
      });
      waiting.add(look);
      look();
      try {
        return await done.promise;
      } finally {
        waiting.delete(look);
        cancel();
      }
    },
    idle: () => controller.idle(),
    async stop() {
      end.abort();
      await running;
    },
  };
}
