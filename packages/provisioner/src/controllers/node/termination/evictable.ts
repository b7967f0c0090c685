import { disruptedTaint, doNotDisruptAnnotation } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { Pod } from 'kubernetes-types/core/v1.js';

/** What is left to do on a node, by its pods. */
export interface PodsLeft {
  /** To be evicted now. */
  readonly evict: readonly Live<Pod>[];
  /** Waited for and not evicted, as their annotation says. */
  readonly held: readonly Live<Pod>[];
  /** All whose end is waited for. */
  readonly waiting: readonly Live<Pod>[];
}

/** A pod that does not end this long after its time is given up, ms. Karpenter's figure. */
const stuckMs = 60_000;
const critical: readonly string[] = ['system-cluster-critical', 'system-node-critical'];

/**
 * The pods whose end a drain waits for, and the first group of them: others before daemons, ordinary ones before critical ones. A kubelet that is
 * silent ends none of them: then all are evicted at once, and none is waited for beyond its time.
 */
export function podsLeft(pods: readonly Live<Pod>[], now: Date, kubelet: 'answers' | 'silent' = 'answers'): PodsLeft {
  const silent = kubelet === 'silent';
  const waiting = pods.filter((pod) => matters(pod, now, silent ? 0 : stuckMs));
  const first = Math.min(...waiting.map(groupOf));
  const group = waiting.filter(
    (pod) => (silent || groupOf(pod) === first) && pod.metadata.deletionTimestamp === undefined,
  );
  const held = group.filter(({ metadata }) => metadata.annotations?.[doNotDisruptAnnotation] === 'true');
  return { waiting, held, evict: group.filter((pod) => !held.includes(pod)) };
}

function matters({ metadata, spec, status }: Live<Pod>, now: Date, patienceMs: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  const isStatic =
    metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined ||
    metadata.ownerReferences?.some(({ kind }) => kind === 'Node') === true;
  const stays = spec?.tolerations?.some(
    ({ key, operator, effect }) =>
      (key === disruptedTaint.key || (operator === 'Exists' && key === undefined)) &&
      (effect === undefined || effect === disruptedTaint.effect),
  );
  const due = metadata.deletionTimestamp === undefined ? undefined : Date.parse(metadata.deletionTimestamp);
  return !isStatic && stays !== true && (due === undefined || now.getTime() - due <= patienceMs);
}

function groupOf({ metadata, spec }: Live<Pod>): number {
  const isDaemon = metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') === true;
  return (critical.includes(spec?.priorityClassName ?? '') ? 2 : 0) + (isDaemon ? 1 : 0);
}
