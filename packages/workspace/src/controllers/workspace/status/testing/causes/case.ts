import type { Condition } from '@kaito/api';
import type { NodesOutcome } from '../../../nodes/outcome.ts';
import type { Sighting } from '../../gather.ts';
import type { World } from '../caches.ts';
import { aClaim, acrImage, aContainer, aDeployment, ago, aNode, aPod, condition, waitingFor } from '../objects.ts';

export interface Case {
  readonly name: string;
  readonly world: World;
  readonly seen?: Partial<Sighting>;
  readonly code: string;
  readonly needs: 'person' | 'time';
  readonly message?: RegExp;
  readonly remedy?: string;
  /** Reason of InferenceReady. */
  readonly reason?: string;
}

export const ready: NodesOutcome = {
  nodes: { wanted: 1, ready: ['n1'] },
  workerNodes: ['n1'],
  claims: [],
  faults: [],
  requestedAt: ago(595),
};
export const missing: NodesOutcome = { ...ready, nodes: { wanted: 1, ready: [] }, workerNodes: [] };

/** A Deployment with this pod on a node that is ready. */
export function withPod(status: object, change: Parameters<typeof aPod>[1] = {}): World {
  return { deployments: [aDeployment()], nodes: [aNode('n1')], pods: [aPod(status, change)] };
}
export const container = (change: Parameters<typeof aContainer>[0]) =>
  withPod({ containerStatuses: [aContainer(change)] });
export const pulls = (reason: string, message: string, image = acrImage) =>
  container({ ...waitingFor(reason, message), image });
export const unscheduled = (message: string): World =>
  withPod(
    {
      conditions: [
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: ago(299) },
      ],
    },
    { spec: { nodeName: undefined } },
  );
export const crashed = (exitCode: number, message: string, reason = 'Error', restartCount = 5) =>
  container({
    ...waitingFor('CrashLoopBackOff', 'back-off 2m40s restarting failed container=demo pod=demo_team(uid-demo)'),
    restartCount,
    lastState: { terminated: { exitCode, reason, message, startedAt: ago(60), finishedAt: ago(40) } },
  });
export const init = (message: string, exitCode = 1): World =>
  withPod({
    initContainerStatuses: [
      aContainer({
        name: 'weights',
        ...waitingFor('CrashLoopBackOff', 'back-off 40s restarting failed container=weights'),
        restartCount: 3,
        lastState: { terminated: { exitCode, reason: 'Error', message, startedAt: ago(60), finishedAt: ago(40) } },
      }),
    ],
    containerStatuses: [aContainer(waitingFor('PodInitializing'))],
  });
export const claims = (
  conditions: Condition[],
  createdAt?: string,
  more: World = {},
): Pick<Case, 'world' | 'seen'> => ({
  world: { nodeClaims: [aClaim('ws012345678', conditions, createdAt)], ...more },
  seen: { nodes: { ...missing, nodeClaims: [{ name: 'ws012345678', conditions }] } },
});
export const launchFails = (message: string, status: 'Unknown' | 'False' = 'Unknown', reason = 'LaunchFailed') =>
  claims([condition('Launched', status, reason, message)]);
