import type { PodEvidence, WorkloadEvidence } from '@kaito/diagnosis';
import type { Client, Clock, KubeObject, Resource } from '@kaito/kube';
import type { Event } from 'kubernetes-types/core/v1.js';

type Warnings = NonNullable<PodEvidence['warnings']>;

const events: Resource<KubeObject & Event> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** Milliseconds after which a pod that shows no reason is asked about: most containers start sooner. */
const silentMs = 30_000;
/** Milliseconds for which an answer is good: the kubelet repeats its warnings about every minute. */
const keptMs = 30_000;
/** Warnings kept per object. */
const most = 5;

/** What is asked about: a pod, or the workload itself. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * True when the pod hangs and its status does not say why, so that its events must: containers that are not made (a volume, the network), and
 * containers that run and are not ready (the probe's words).
 */
export function needsEvents(pod: PodEvidence, now: Date): boolean {
  if (pod.deleting || pod.ready || pod.scheduledAt === undefined) return false;
  const quiet = (since: string | undefined): boolean =>
    since !== undefined && now.getTime() - Date.parse(since) >= silentMs;
  if (pod.containers.length === 0) return quiet(pod.scheduledAt);
  return pod.containers.some(({ init, state, reason, ready, startedAt }) => {
    if (state === 'waiting') return (reason === undefined || reason === 'ContainerCreating') && quiet(pod.scheduledAt);
    return !init && state === 'running' && !ready && quiet(startedAt);
  });
}

/** True when the workload should have pods, has none, and does not say why (a StatefulSet never does). */
export function workloadNeedsEvents(workload: WorkloadEvidence, now: Date): boolean {
  return (
    workload.wantedReplicas > 0 &&
    workload.replicas === 0 &&
    workload.replicaFailure === undefined &&
    workload.createdAt !== undefined &&
    now.getTime() - Date.parse(workload.createdAt) >= 2000
  );
}

/**
 * Reads Warning events on demand, newest first; the answer is kept for half a minute, so that a hanging pod costs two requests a minute at most
 * while it is looked at. An answer that does not come counts as no warnings: it only explains.
 */
export function createWarnings(
  client: Pick<Client, 'list'>,
  clock: Pick<Clock, 'monotonic'>,
): (subject: Subject, signal?: AbortSignal) => Promise<Warnings> {
  const kept = new Map<string, { readonly at: number; readonly warnings: Warnings }>();
  return async ({ namespace, uid }, signal) => {
    const at = clock.monotonic();
    const known = kept.get(uid);
    if (known !== undefined && at - known.at < keptMs) return known.warnings;
    for (const [key, entry] of kept) if (at - entry.at >= keptMs) kept.delete(key);
    const warnings = await client
      .list(events, {
        namespace,
        fieldSelector: `involvedObject.uid=${uid},type=Warning`,
        ...(signal !== undefined && { signal }),
      })
      .then(({ items }) => newestFirst(items))
      .catch((): Warnings => known?.warnings ?? []);
    signal?.throwIfAborted();
    kept.set(uid, { at, warnings });
    return warnings;
  };
}

function newestFirst(items: readonly (KubeObject & Event)[]): Warnings {
  return items
    .map(({ reason = '', message = '', lastTimestamp, eventTime, metadata }) => {
      const at = lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
      return { reason, message, ...(at !== undefined && { at }) };
    })
    .toSorted((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : -1))
    .slice(0, most);
}
