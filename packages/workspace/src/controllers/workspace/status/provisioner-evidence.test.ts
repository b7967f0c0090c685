import type { ContainerStatus } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import { managedCluster, provisionerEvidence } from './provisioner-evidence.ts';

const pod = (name: string, status: Partial<ContainerStatus>, more: object = {}) => ({
  metadata: { name, namespace: 'kube-system', ...more },
  status: { containerStatuses: [{ ready: false, ...status }] },
});

const evidence = (...pods: readonly object[]) => provisionerEvidence({ list: () => pods as never });

const crashed = { state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } } };
const last = { lastState: { terminated: { exitCode: 1, message: 'no federation. Remedy: az mend\n' } } };

test('the last words of one that crashed', () => {
  const found = { namespace: 'kube-system', pod: 'a', message: 'no federation. Remedy: az mend' };
  expect(evidence(pod('b', {}), pod('a', { ...crashed, ...last } as never))).toEqual(found);
});

test('what keeps one from starting', () => {
  const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' };
  expect(evidence(pod('a', { state: { waiting } }))).toMatchObject({
    message: 'ImagePullBackOff: Back-off pulling image "x"',
  });
});

test.each([
  ['there is none', []],
  ['one is ready', [pod('a', { ...crashed, ...last } as never), pod('b', { ready: true })]],
  ['it is being made', [pod('a', { state: { waiting: { reason: 'ContainerCreating' } } })]],
  ['it goes', [pod('a', { ...crashed, ...last } as never, { deletionTimestamp: '2026-01-01T00:00:00Z' })]],
])('nothing where %s', (_, pods) => {
  expect(evidence(...(pods as object[]))).toBeUndefined();
});

const clusterOf = (env: readonly object[]) =>
  managedCluster({ list: () => [{ spec: { containers: [{ name: 'gpu-provisioner', env }] } }] as never });

test('the cluster in Azure is the one that its environment names', () => {
  const group = { name: 'ARM_RESOURCE_GROUP', value: 'KaitoLab' };
  expect(clusterOf([group, { name: 'AZURE_CLUSTER_NAME', value: 'kaito' }])).toEqual({
    name: 'kaito',
    resourceGroup: 'KaitoLab',
  });
  expect(clusterOf([group, { name: 'AZURE_CLUSTER_NAME', valueFrom: {} }])).toBeUndefined();
  expect(managedCluster({ list: () => [] })).toBeUndefined();
});
