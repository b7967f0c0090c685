import { surgeAnnotation, type Workspace } from '@kaito/api';
import { keyOf } from '@kaito/kube';
import type { Plan } from '@kaito/planner';
import type { RenderedObject } from '@kaito/render';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { indexes, type Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';
import { type Demand, demandOf, nothing, plus } from '../nodes/demand.ts';
import { fitness } from '../nodes/fitness.ts';
import { nodeRequest } from '../nodes/node-request.ts';
import { hasRoom, roomOn } from '../nodes/occupancy.ts';
import type { Pin, Surge } from '../plan/revisions.ts';
import { isComplete, revisionOf, type Workload } from './progress.ts';

type Given = Pick<Dependencies, 'caches' | 'catalog' | 'clock' | 'ledger' | 'options'>;

/** So long is a machine waited for that was to be rented for a rollout; then it goes without one. Our choice: most start within ten minutes. */
const machinePatienceMs = 1_800_000;
/** So long is a new pod left without a place while the old one serves; then the old one makes room. Our choice. */
const placePatienceMs = 120_000;
/** How often a rollout with a surge is looked at, since patience ends without any change. */
export const surgeLookMs = 30_000;

/**
 * How a rollout to `plan` could begin the new pod before the old one ends: where the room for it is free on a matching node, or by one machine
 * more where the Workspace allows that. Undefined: it costs the time that a start takes. The ranks of a StatefulSet are always replaced together.
 */
export function chooseSurge(
  workspace: Live<Workspace>,
  plan: Plan,
  workload: Workload | undefined,
  deps: Given,
): Surge | undefined {
  if (workload === undefined || workload.kind !== 'Deployment' || plan.shape?.workload !== 'Deployment')
    return undefined;
  if (hasFreeRoom(workspace, plan, deps)) return 'free';
  const mayRent =
    plan.placement?.instanceType !== undefined &&
    deps.options.nodeProvisioner === 'karpenter' &&
    deps.caches.nodeClaims.available;
  return mayRent && allowsMachine(workspace) ? 'node' : undefined;
}

function allowsMachine({ metadata }: Live<Workspace>): boolean {
  return metadata.annotations?.[surgeAnnotation] === 'node';
}

/** Whether one pod more of the Workspace has its place on a node that it may use, beside those that run there. */
function hasFreeRoom(workspace: Live<Workspace>, plan: Plan, { caches, catalog, ledger }: Given): boolean {
  const request = nodeRequest(workspace, plan);
  const demand = demandOf(plan);
  const judging = { request, caches, catalog, ledger };
  return caches.nodes.list().some((node) => {
    if (fitness(node, judging, { keeps: false, runs: false }).state !== 'fit') return false;
    const own = caches.pods
      .byIndex(indexes.workspace, request.key)
      .filter(({ spec }) => spec?.nodeName === node.metadata.name);
    const wanted = own.reduce<Demand>((sum) => plus(sum, demand), plus(nothing, demand));
    return hasRoom(roomOn(node, request, caches, ledger, false), wanted);
  });
}

/** How the rollout that is under way goes on; undefined once it is over, or when the surge could not be had. */
export function surgeNow(
  workspace: Live<Workspace>,
  pin: Pin,
  workload: Workload | undefined,
  deps: Pick<Given, 'caches' | 'clock'>,
): Surge | undefined {
  if (pin.surge === undefined || workload?.kind !== 'Deployment') return undefined;
  if (pin.surge === 'node' && !allowsMachine(workspace)) return undefined;
  if (revisionOf(workload) !== pin.name) {
    const waited = deps.clock.now().getTime() - Date.parse(pin.since);
    return pin.surge === 'node' && waited >= machinePatienceMs ? undefined : pin.surge;
  }
  const goesOn = surges(workload as Live<Deployment>) && !isComplete(workload) && !hasPodWithoutPlace(workspace, deps);
  return goesOn ? pin.surge : undefined;
}

function surges({ spec }: Live<Deployment>): boolean {
  const { maxSurge, maxUnavailable } = spec?.strategy?.rollingUpdate ?? {};
  return maxSurge === 1 && maxUnavailable === 0;
}

/** A pod of the Workspace that the scheduler has found no node for, for too long. */
function hasPodWithoutPlace(workspace: Live<Workspace>, { caches, clock }: Pick<Given, 'caches' | 'clock'>): boolean {
  const since = clock.now().getTime() - placePatienceMs;
  return caches.pods
    .byIndex(indexes.workspace, keyOf(workspace))
    .some(({ status }) =>
      status?.conditions?.some(
        ({ type, status: holds, lastTransitionTime }) =>
          type === 'PodScheduled' && holds === 'False' && Date.parse(lastTransitionTime ?? '') <= since,
      ),
    );
}

/** The Deployment with the strategy by which the new pod is ready before the old one goes. */
export function withSurge(workload: RenderedObject): RenderedObject {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  return { ...workload, spec: { ...workload.spec, strategy } };
}
