import type { ContainerEvidence, PodEvidence } from '@kaito/diagnosis';
import type { ContainerState, ContainerStatus, Pod, PodCondition } from 'kubernetes-types/core/v1.js';
import type { Live } from '../../../cache/caches.ts';

/** The parts of a pod that say how it is. `current`: whether it is of the newest template, where that is known. */
export function podEvidence(pod: Live<Pod>, current?: boolean): PodEvidence {
  const { metadata, spec, status } = pod;
  const scheduled = conditionOf(pod, 'PodScheduled');
  const ready = conditionOf(pod, 'Ready');
  const sidecars = new Set(
    spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const text = {
    readyAt: ready?.status === 'True' ? ready.lastTransitionTime : undefined,
    deleteBy: metadata.deletionTimestamp,
    node: spec?.nodeName,
    scheduledAt: scheduled?.status === 'True' ? scheduled.lastTransitionTime : undefined,
    unschedulable: scheduled?.status === 'False' ? (scheduled.message ?? scheduled.reason) : undefined,
    reason: status?.reason,
    message: status?.message,
  };
  return {
    name: metadata.name ?? '',
    phase: status?.phase ?? 'Pending',
    createdAt: metadata.creationTimestamp ?? '',
    ready: ready?.status === 'True',
    deleting: metadata.deletionTimestamp !== undefined,
    ...(current !== undefined && { current }),
    ...present(text),
    containers: [
      ...(status?.initContainerStatuses ?? []).map((container) =>
        containerEvidence(container, !sidecars.has(container.name)),
      ),
      ...(status?.containerStatuses ?? []).map((container) => containerEvidence(container, false)),
    ],
  };
}

function conditionOf(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

function containerEvidence(container: ContainerStatus, init: boolean): ContainerEvidence {
  const { state = {}, lastState = {} } = container;
  const ended = state.terminated;
  const last = lastState.terminated;
  return {
    name: container.name,
    init,
    image: container.image,
    state: stateOf(state),
    ready: container.ready,
    restarts: container.restartCount,
    ...present({
      reason: state.waiting?.reason ?? ended?.reason,
      message: state.waiting?.message ?? ended?.message,
      startedAt: state.running?.startedAt ?? ended?.startedAt,
      finishedAt: ended?.finishedAt,
    }),
    ...(ended !== undefined && { exitCode: ended.exitCode }),
    ...(last !== undefined && {
      lastTermination: {
        exitCode: last.exitCode,
        ...present({ reason: last.reason, message: last.message, finishedAt: last.finishedAt }),
      },
    }),
  };
}

function stateOf(state: ContainerState): ContainerEvidence['state'] {
  if (state.running !== undefined) return 'running';
  return state.terminated === undefined ? 'waiting' : 'terminated';
}

/** The fields that have a value; the API server writes null for an unset time. */
function present<K extends string>(fields: Readonly<Record<K, string | null | undefined>>): { [F in K]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    [F in K]?: string;
  };
}
