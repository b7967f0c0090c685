import { withDefaults, type Workspace, workspaceFinalizer } from '@kaito/api';
import type { Fault } from '@kaito/diagnosis';
import { ensureFinalizer, type Reconcile, removeFinalizer, type Result } from '@kaito/kube';
import { nothingKnown, type Plan, plan } from '@kaito/planner';
import type { Live } from '../../../cache/caches.ts';
import { workspaces } from '../../../cache/resources.ts';
import { fieldManager } from '../../../options.ts';
import type { Dependencies } from '../dependencies.ts';
import { ensureNodes, releaseNodes } from '../nodes/index.ts';
import { pin } from '../plan/pin.ts';
import { replaceRanks } from '../rollout/replace-ranks.ts';
import { faultOf, type Sighting, publish } from '../status/index.ts';
import { applyObject, removeOthers } from '../workload/apply-objects.ts';

/** What the lifecycle is given beside the common dependencies. */
export interface LifecycleDependencies extends Dependencies {
  /** A look at events, asked for only about what hangs. */
  readonly warnings: Parameters<typeof publish>[0]['warnings'];
}

/**
 * Brings one Workspace nearer to what it asks for: finalizer, Plan, revision, Services, nodes, workload, and at the end its status. Each step
 * reads caches that hold this process's own writes, writes only where something differs, and waits for nothing: what is not there yet calls
 * again through a watch. It may be cut off between any two calls.
 */
export function reconcileWorkspace(deps: LifecycleDependencies): Reconcile {
  return async (key, { signal }) => {
    const workspace = deps.caches.workspaces.get(key);
    if (workspace === undefined) return {};
    const fresh = planOf(workspace, deps);
    const neighbour = deps.neighbour();
    if (neighbour !== undefined)
      return await tell(workspace, { plan: fresh, managedElsewhere: neighbour }, deps, signal);
    if (workspace.metadata.deletionTimestamp !== undefined) return await release(workspace, fresh, deps, signal);
    return await bring(workspace, fresh, deps, signal);
  };
}

function planOf(workspace: Live<Workspace>, { catalog, options }: Dependencies): Plan {
  return plan(withDefaults(workspace), catalog, nothingKnown, {
    target: 'cluster',
    presetRegistry: options.presetRegistry,
  });
}

async function bring(
  found: Live<Workspace>,
  fresh: Plan,
  deps: LifecycleDependencies,
  signal: AbortSignal,
): Promise<Result> {
  // A Plan that is refused changes nothing: what runs keeps running.
  if (!fresh.admitted) return await tell(found, { plan: fresh }, deps, signal);
  const workspace = await ensureFinalizer(deps.client, workspaces, found, workspaceFinalizer, { fieldManager, signal });
  deps.caches.workspaces.remember(workspace);
  const { revision, plan: pinned, rendered, update } = await pin(workspace, fresh, deps);
  const faults: (Fault | undefined)[] = await Promise.all(
    rendered.services.map((service) => applyObject(workspace, service, revision, deps)),
  );
  const nodes = await ensureNodes({ workspace, plan: pinned, deps });
  const exists = [deps.caches.deployments, deps.caches.statefulSets].some(
    (cache) => cache.get(refOf(workspace)) !== undefined,
  );
  // The workload comes when its nodes are there: a pod that waits for a GPU would make other autoscalers buy machines.
  if (exists || nodes.nodes.ready.length >= nodes.nodes.wanted) {
    faults.push(await applyObject(workspace, rendered.workload, revision, deps));
    await removeOthers(workspace, [...rendered.services, rendered.workload], deps);
    if (rendered.workload.kind === 'StatefulSet') await replaceRanks(workspace, deps);
  }
  const known = faults.filter((fault) => fault !== undefined);
  const seen = { plan: pinned, nodes, faults: known, ...(update !== undefined && { update }) };
  const result = await tell(workspace, seen, deps, signal, revision);
  const retry = known.some(({ kind }) => kind === 'transient') ? retryMs : undefined;
  return soonest(result, { ...(retry !== undefined && { requeueAfterMs: retry }) }, nodes);
}

/** What passes by itself is tried again after so many milliseconds; a fault is no failed reconcile, so no back-off applies. */
const retryMs = 5_000;

/** Takes away what was made, in the order in which it is missed least: the workload, the Services, the machines, then our hold on it. */
async function release(
  workspace: Live<Workspace>,
  fresh: Plan,
  deps: LifecycleDependencies,
  signal: AbortSignal,
): Promise<Result> {
  if (!workspace.metadata.finalizers?.includes(workspaceFinalizer)) return {};
  let waitsFor: readonly string[];
  let fault: Fault | undefined;
  try {
    waitsFor = await removeOthers(workspace, [], deps);
    if (waitsFor.length === 0) waitsFor = (await releaseNodes(workspace, deps)).waitsFor;
  } catch (error) {
    waitsFor = ['what the API server refused to remove'];
    fault = faultOf(error, 'remove what belongs to the Workspace');
  }
  if (waitsFor.length === 0) {
    const left = await removeFinalizer(deps.client, workspaces, workspace, workspaceFinalizer, {
      fieldManager,
      signal,
    });
    if (left === undefined) deps.caches.workspaces.forget(refOf(workspace), workspace.metadata.uid!);
    else deps.caches.workspaces.remember(left);
    return {};
  }
  const seen = { plan: fresh, release: { done: false, waitsFor }, ...(fault !== undefined && { faults: [fault] }) };
  const result = await tell(workspace, seen, deps, signal);
  return fault === undefined ? result : soonest(result, { requeueAfterMs: retryMs });
}

async function tell(
  workspace: Live<Workspace>,
  seen: Omit<Sighting, 'workspace' | 'caches' | 'warnings'>,
  deps: LifecycleDependencies,
  signal: AbortSignal,
  revision?: string,
): Promise<Result> {
  const { requeueAfterMs } = await publish(deps, { workspace, ...seen }, revision, signal);
  return requeueAfterMs === undefined ? {} : { requeueAfterMs };
}

function soonest(...results: readonly Result[]): Result {
  const times = results.map(({ requeueAfterMs }) => requeueAfterMs).filter((ms) => ms !== undefined);
  return times.length === 0 ? {} : { requeueAfterMs: Math.min(...times) };
}

function refOf({ metadata }: Live<Workspace>): { readonly namespace: string; readonly name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
