import { aDeployment, ago, aNode, aStatefulSet, aWorkspace, waitingFor } from '../objects.ts';
import { type Case, withPod, container } from './case.ts';

export const workload: readonly Case[] = [
  {
    name: 'pods beyond the quota of the namespace',
    world: {
      nodes: [aNode('n1')],
      deployments: [
        aDeployment({
          replicas: 0,
          updatedReplicas: 0,
          conditions: [
            {
              type: 'ReplicaFailure',
              status: 'True',
              reason: 'FailedCreate',
              message:
                'pods "demo-7d9c8b6f5-abcde" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=4, limited: requests.nvidia.com/gpu=4',
            },
          ],
        }),
      ],
    },
    code: 'NamespaceQuotaExceeded',
    needs: 'person',
    remedy: 'kubectl describe resourcequota -n team',
  },
  {
    name: 'pods that a StatefulSet may not make, from its events',
    world: { nodes: [aNode('n1')], statefulSets: [aStatefulSet({ replicas: 0, updatedReplicas: 0 })] },
    seen: {
      warnings: new Map([
        [
          'demo',
          [
            {
              reason: 'FailedCreate',
              message:
                'create Pod demo-0 in StatefulSet demo failed error: pods "demo-0" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
            },
          ],
        ],
      ]),
    },
    code: 'PodSecurityDenied',
    needs: 'person',
  },
  {
    name: 'a deletion that hangs on a machine',
    world: {},
    seen: {
      workspace: aWorkspace({ metadata: { ...aWorkspace().metadata, deletionTimestamp: ago(1000) } } as never),
      release: { done: false, waitsFor: ['NodeClaim ws012345678'] },
    },
    code: 'DeletionHangs',
    needs: 'person',
    remedy: 'kubectl describe nodeclaim ws012345678',
  },
  {
    name: 'a rollout beside the old server',
    world: { ...withPod({}), deployments: [aDeployment({ readyReplicas: 1, replicas: 2 })] },
    code: 'RollingOut',
    needs: 'time',
    remedy: 'kubectl rollout status deployment/demo -n team',
  },
  {
    name: 'an image on its way',
    world: container(waitingFor('ContainerCreating')),
    code: 'PullingImage',
    needs: 'time',
  },
  {
    name: 'a model that loads',
    world: container({ state: { running: { startedAt: ago(20) } } }),
    code: 'LoadingModel',
    needs: 'time',
  },
  {
    name: 'a model that loads for too long',
    world: container({ state: { running: { startedAt: ago(290) } } }),
    code: 'SlowerThanExpected',
    needs: 'time',
    message: /since 2026-03-01T12:05:10Z, about 1 min 20 s expected/,
  },
  { name: 'no workload yet', world: { nodes: [aNode('n1')] }, code: 'Deploying', needs: 'time' },
];
