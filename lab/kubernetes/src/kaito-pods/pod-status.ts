import type { ContainerState, ContainerStatus, Pod, PodCondition } from 'kubernetes-types/core/v1.js';
import { type Client, isNotFound, type Live, pods } from '@kaito/kube';

/** How the main container of a pod fares. */
export interface Standing {
  readonly kind: 'starting' | 'ready' | 'ended';
  /** Of the process; a simulated node's own pods have none. */
  readonly pid: number | undefined;
  readonly restarts: number;
  /** How it ended before, or just now. */
  readonly last?: Ended;
}

export interface Ended {
  readonly exitCode: number;
  readonly message: string;
  /** RFC 3339. */
  readonly at: string;
}

/** Shows it as the kubelet would, where the pod does not show it yet. */
export async function showStanding(client: Client, pod: Live<Pod>, standing: Standing, now: Date): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata;
  const was = pod.status?.containerStatuses?.[0];
  if (was === undefined) return;
  const container = containerStatus(was, standing, now);
  const ready = standing.kind === 'ready';
  const same =
    was.ready === ready &&
    was.containerID === container.containerID &&
    was.restartCount === container.restartCount &&
    was.state?.waiting?.reason === container.state?.waiting?.reason &&
    was.lastState?.terminated?.message === container.lastState?.terminated?.message;
  if (same) return;
  const conditions = (pod.status?.conditions ?? []).map((condition): PodCondition =>
    condition.type === 'Ready' || condition.type === 'ContainersReady'
      ? { ...condition, status: ready ? 'True' : 'False', lastTransitionTime: now.toISOString() }
      : condition,
  );
  const body = { status: { conditions, containerStatuses: [container] } };
  try {
    await client.patch(pods, { name, namespace }, { type: 'merge', body }, { subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function containerStatus(was: ContainerStatus, { kind, pid, restarts, last }: Standing, now: Date): ContainerStatus {
  const message = `back-off restarting failed container ${was.name}`;
  return {
    ...was,
    containerID: `process://${pid}`,
    ready: kind === 'ready',
    restartCount: restarts,
    state:
      kind === 'ended'
        ? { waiting: { reason: 'CrashLoopBackOff', message } }
        : { running: { startedAt: now.toISOString() } },
    ...(last !== undefined && { lastState: terminated(last) }),
  };
}

function terminated({ exitCode, message, at }: Ended): ContainerState {
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  return { terminated: { exitCode, reason, message, startedAt: at, finishedAt: at } };
}
