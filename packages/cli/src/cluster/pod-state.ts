import type { Live } from '@kaito/kube';
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js';

/** A pod's state in a word, as kubectl's STATUS column has it: `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`, … */
export function podState({ metadata, status, spec }: Live<Pod>): string {
  if (metadata.deletionTimestamp != null) return 'Terminating';
  if (status?.reason != null && status.reason !== '') return status.reason;
  const before = status?.initContainerStatuses ?? [];
  const index = before.findIndex((each) => each.state?.terminated?.exitCode !== 0);
  if (index !== -1) {
    const reason = troubleOf(before[index]!);
    return reason == null ? `Init:${index}/${spec?.initContainers?.length ?? before.length}` : `Init:${reason}`;
  }
  const trouble = (status?.containerStatuses ?? []).map(troubleOf).find((reason) => reason != null);
  return trouble ?? status?.phase ?? 'Pending';
}

function troubleOf({ state }: ContainerStatus): string | undefined {
  const waiting = state?.waiting?.reason;
  if (waiting != null && waiting !== 'PodInitializing') return waiting;
  return state?.terminated == null || state.terminated.exitCode === 0
    ? undefined
    : (state.terminated.reason ?? 'Error');
}

/** True when it takes requests. */
export function isReadyPod({ metadata, status }: Live<Pod>): boolean {
  if (metadata.deletionTimestamp != null) return false;
  return (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

/** Restarts of all its containers. */
export function restartsOf({ status }: Live<Pod>): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}
