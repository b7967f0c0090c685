import { revisionAnnotation, type Workspace } from '@kaito/api';
import { isControlledBy, keyOf } from '@kaito/kube';
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Caches, Live } from '../../../cache/caches.ts';
import { currentPin } from '../plan/revisions.ts';

export type Workload = Live<Deployment> | Live<StatefulSet>;

/** A rollout of which nothing else tells that it has failed has when it is not over after so long: models take up to an hour to load. Our choice. */
const failedAfterMs = 3_600_000;

/** The Workspace's workload, of whichever kind. */
export function workloadOf(
  workspace: Live<Workspace>,
  caches: Pick<Caches, 'deployments' | 'statefulSets'>,
): Workload | undefined {
  const key = keyOf(workspace);
  return [caches.deployments.get(key), caches.statefulSets.get(key)].find(
    (found): found is NonNullable<typeof found> => found !== undefined && isControlledBy(found, workspace),
  );
}

/** Name of the revision that a workload was written from. */
export function revisionOf(workload: Workload | undefined): string | undefined {
  return workload?.metadata.annotations?.[revisionAnnotation];
}

/** Every pod is of the newest template and ready, and no older one is left. */
export function isComplete(workload: Workload): boolean {
  const { spec, status } = workload;
  const wanted = spec?.replicas ?? 1;
  const { updatedReplicas = 0, readyReplicas = 0, replicas = 0 } = status ?? {};
  return isObserved(workload) && updatedReplicas >= wanted && readyReplicas >= wanted && replicas <= updatedReplicas;
}

/**
 * Where a Workspace is on its way from one revision to the next: undefined where that is over, and for its first. `failed`: its pods did not get
 * ready in time, and nothing says that they ever were.
 */
export function rolloutOf(
  workspace: Live<Workspace>,
  caches: Pick<Caches, 'deployments' | 'revisions' | 'statefulSets'>,
  now: Date,
): 'rolling' | 'failed' | undefined {
  if (workspace.metadata.deletionTimestamp !== undefined) return undefined;
  const pin = currentPin(workspace, caches);
  if (pin === undefined || pin.number < 2) return undefined;
  const workload = workloadOf(workspace, caches);
  const written = workload !== undefined && revisionOf(workload) === pin.name;
  if (written && (isComplete(workload) || wasComplete(workload))) return undefined;
  const late = now.getTime() - Date.parse(pin.since) >= failedAfterMs;
  return late || (written && progressing(workload)?.status === 'False') ? 'failed' : 'rolling';
}

/** A Deployment's word that its newest pods have been ready once; a StatefulSet keeps none. */
function wasComplete(workload: Workload): boolean {
  return progressing(workload)?.reason === 'NewReplicaSetAvailable' && isObserved(workload);
}

function progressing({ status }: Workload) {
  return status?.conditions?.find(({ type }) => type === 'Progressing');
}

function isObserved({ metadata, status }: Workload): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}
