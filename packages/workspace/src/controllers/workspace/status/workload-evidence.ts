import type { WorkloadEvidence } from '@kaito/diagnosis';
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Live } from '../../../cache/caches.ts';

/** How a Deployment or StatefulSet is, from its status. A missing `spec.replicas` means 1, as for the API server. */
export function workloadEvidence(workload: Live<Deployment> | Live<StatefulSet>): WorkloadEvidence {
  const { metadata, spec, status } = workload;
  const conditions: readonly { type: string; status: string; message?: string }[] = status?.conditions ?? [];
  const failure = conditions.find(({ type, status: holds }) => type === 'ReplicaFailure' && holds === 'True');
  return {
    kind: workload.kind === 'StatefulSet' ? 'StatefulSet' : 'Deployment',
    name: metadata.name ?? '',
    ...(metadata.creationTimestamp !== undefined && { createdAt: metadata.creationTimestamp }),
    wantedReplicas: spec?.replicas ?? 1,
    readyReplicas: status?.readyReplicas ?? 0,
    updatedReplicas: status?.updatedReplicas ?? 0,
    replicas: status?.replicas ?? 0,
    observed: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    ...(failure?.message !== undefined && { replicaFailure: failure.message }),
  };
}

/**
 * Whether a pod is of the workload's newest template: by `status.updateRevision` of a StatefulSet, by the newest of the `pods` of a
 * Deployment. Undefined where that cannot be told.
 */
export function currentPods(
  workload: Live<Deployment> | Live<StatefulSet> | undefined,
  pods: readonly Live<Pod>[],
): (pod: Live<Pod>) => boolean | undefined {
  if (workload === undefined) return () => undefined;
  if (workload.kind === 'StatefulSet') {
    const revision = (workload as Live<StatefulSet>).status?.updateRevision;
    return (pod) =>
      revision === undefined ? undefined : pod.metadata.labels?.['controller-revision-hash'] === revision;
  }
  const hash = newestHash(pods);
  return (pod) => (hash === undefined ? undefined : pod.metadata.labels?.[templateHash] === hash);
}

const templateHash = 'pod-template-hash';

function made({ metadata }: Live<Pod>): string {
  return metadata.creationTimestamp ?? '';
}

/** The template of the pod that was made last; undefined where pods of several templates were made in the same second. */
function newestHash(pods: readonly Live<Pod>[]): string | undefined {
  let latest = '';
  for (const pod of pods) if (made(pod) > latest) latest = made(pod);
  const hashes = new Set(
    pods.filter((pod) => made(pod) === latest).map(({ metadata }) => metadata.labels?.[templateHash]),
  );
  const [hash] = hashes;
  return hashes.size === 1 ? hash : undefined;
}
