import { type Workspace, workspaceFinalizer } from '@kaito/api';
import type { Fault } from '@kaito/diagnosis';
import {
  ApiError,
  ConnectionError,
  ensureFinalizer,
  isConflict,
  type Reconcile,
  removeFinalizer,
  type Result,
} from '@kaito/kube';
import type { RenderedObject } from '@kaito/render';
import type { Live } from '../../../cache/caches.ts';
import { workspaces } from '../../../cache/resources.ts';
import { fieldManager } from '../../../options.ts';
import {
  adopt,
  describeMadeElsewhere,
  isToBeAdopted,
  lookForMadeElsewhere,
  type MadeElsewhere,
} from '../adoption/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { ensureNodes, releaseNodes } from '../nodes/index.ts';
import { createPreparation, type Prepared } from '../plan/preparation.ts';
import { decide } from '../rollout/decide.ts';
import { revisionOf, workloadOf } from '../rollout/progress.ts';
import { UpdateQueue } from '../rollout/queue.ts';
import { replaceRanks } from '../rollout/replace-ranks.ts';
import { surgeLookMs, surgeNow, withSurge } from '../rollout/surge.ts';
import { faultOf, type Sighting, publish } from '../status/index.ts';
import { applyObject, removeOthers } from '../workload/apply-objects.ts';

/** What the lifecycle is given beside the common dependencies. */
export interface LifecycleDependencies extends Dependencies {
  /** A look at events, asked for only about what hangs. */
  readonly warnings: Parameters<typeof publish>[0]['warnings'];
}

/**
 * Brings one Workspace nearer to what it asks for: finalizer, revision, Services, nodes, workload, and at the end its status. Each step reads
 * caches that hold this process's own writes, writes only where something differs, and waits for nothing: what is not there yet calls again
 * through a watch. It may be cut off between any two calls.
 *
 * @param enqueue has another Workspace looked at: the one whose held update comes next.
 */
export function reconcileWorkspace(deps: LifecycleDependencies, enqueue: (key: string) => void): Reconcile {
  const preparation = createPreparation(deps);
  const updates = new UpdateQueue(deps);
  return async (key, { signal }) => {
    const workspace = deps.caches.workspaces.get(key);
    if (workspace === undefined) {
      preparation.forget(key);
      goOn(updates.forget(key));
      return {};
    }
    const prepared = preparation.of(workspace);
    const { plan } = prepared;
    const neighbour = deps.neighbour();
    if (neighbour !== undefined) return await tell(workspace, { plan, managedElsewhere: neighbour }, deps, signal);
    const made = await lookForMadeElsewhere(workspace, deps);
    if (made !== undefined && !isToBeAdopted(workspace)) {
      return await tell(workspace, { plan, managedElsewhere: describeMadeElsewhere(workspace, made) }, deps, signal);
    }
    const result =
      workspace.metadata.deletionTimestamp === undefined
        ? await bring(workspace, prepared, made, updates, deps, signal)
        : await release(workspace, prepared, made, deps, signal);
    goOn(updates.saw(workspace));
    return result;
  };

  function goOn(next: string | undefined): void {
    if (next !== undefined) enqueue(next);
  }
}

async function bring(
  found: Live<Workspace>,
  prepared: Prepared,
  made: MadeElsewhere | undefined,
  updates: UpdateQueue,
  deps: LifecycleDependencies,
  signal: AbortSignal,
): Promise<Result> {
  const adopted = made && prepared.wanted && (await adopt(found, made, deps));
  const decision = await decide(found, { ...prepared, adopted }, updates, deps);
  if (decision === undefined) return await tell(found, { plan: prepared.plan }, deps, signal);
  const workspace = await ensureFinalizer(deps.client, workspaces, found, workspaceFinalizer, { fieldManager, signal });
  deps.caches.workspaces.remember(workspace);
  const { pin, update, lookAgainAfterMs } = decision;
  const { services } = pin.rendered;
  const apply = (object: RenderedObject) =>
    attempt(`write ${object.kind} ${object.metadata.name}`, () => applyObject(workspace, object, pin.name, deps));
  const faults: (Fault | undefined)[] = await Promise.all(services.map(apply));

  const running = workloadOf(workspace, deps.caches);
  const surge = surgeNow(workspace, pin, running, deps);
  const extraMachines = surge === 'node' ? 1 : 0;
  const nodes = await ensureNodes({ workspace, plan: pin.plan, deps, extraMachines });
  const { ready, wanted } = nodes.nodes;
  // The workload comes when its nodes are there: a pod that waits for a GPU would make other autoscalers buy machines.
  const hasNodes = ready.length >= wanted + extraMachines;
  if (hasNodes || (running !== undefined && (surge !== 'node' || revisionOf(running) === pin.name))) {
    const workload = surge === undefined ? pin.rendered.workload : withSurge(pin.rendered.workload);
    faults.push(await apply(workload));
    await removeOthers(workspace, [...services, workload], deps);
    if (workload.kind === 'StatefulSet') await replaceRanks(workspace, deps);
  }
  const known = faults.filter((fault) => fault !== undefined);
  const seen = { plan: pin.plan, nodes, faults: known, ...(update !== undefined && { update }) };
  const result = await tell(workspace, seen, deps, signal, pin.name);
  const retry = known.some(({ kind }) => kind === 'transient') ? retryMs : undefined;
  return soonest(result, nodes, again(retry), again(lookAgainAfterMs), again(surge && surgeLookMs));
}

/** What the API server refuses is a fault to be told; what another has changed meanwhile is begun anew. */
async function attempt(doing: string, work: () => Promise<Fault | undefined>): Promise<Fault | undefined> {
  try {
    return await work();
  } catch (error) {
    const isRefused = error instanceof ApiError && !isConflict(error);
    if (!isRefused && !(error instanceof ConnectionError)) throw error;
    return faultOf(error, doing);
  }
}

/** What passes by itself is tried again after so many milliseconds; a fault is no failed reconcile, so no back-off applies. */
const retryMs = 5_000;

/** Takes away what was made, in the order in which it is missed least: the workload, the Services, the machines, then our hold on it. */
async function release(
  workspace: Live<Workspace>,
  { plan }: Prepared,
  made: MadeElsewhere | undefined,
  deps: LifecycleDependencies,
  signal: AbortSignal,
): Promise<Result> {
  if (!workspace.metadata.finalizers?.includes(workspaceFinalizer)) return {};
  let waitsFor: readonly string[];
  let fault: Fault | undefined;
  try {
    if (made !== undefined && made.claims.length > 0) await adopt(workspace, made, deps);
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
  const seen = { plan, release: { done: false, waitsFor }, ...(fault !== undefined && { faults: [fault] }) };
  const result = await tell(workspace, seen, deps, signal);
  return soonest(result, again(fault && retryMs));
}

async function tell(
  workspace: Live<Workspace>,
  seen: Omit<Sighting, 'workspace' | 'caches' | 'warnings'>,
  deps: LifecycleDependencies,
  signal: AbortSignal,
  revision?: string,
): Promise<Result> {
  const { requeueAfterMs } = await publish(deps, { workspace, ...seen }, revision, signal);
  return again(requeueAfterMs);
}

function again(requeueAfterMs: number | undefined): Result {
  return requeueAfterMs === undefined ? {} : { requeueAfterMs };
}

function soonest(...results: readonly Result[]): Result {
  const times = results.map(({ requeueAfterMs }) => requeueAfterMs).filter((ms) => ms !== undefined);
  return times.length === 0 ? {} : { requeueAfterMs: Math.min(...times) };
}

function refOf({ metadata }: Live<Workspace>): { readonly namespace: string; readonly name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
