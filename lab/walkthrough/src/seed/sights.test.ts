import { expect, test } from 'vitest';
import { answered, modelOnItsWay, modelReady, provisionerCrashes, provisionersRun } from './sights.ts';

const pods = (...rows: [name: string, ready: string, status: string, restarts?: string][]): string =>
  ['NAME                                READY   STATUS             RESTARTS   AGE']
    .concat(
      rows.map(
        ([name, ready, status, restarts = '0']) =>
          `${name.padEnd(36)}${ready.padEnd(8)}${status.padEnd(19)}${restarts.padEnd(11)}1m`,
      ),
    )
    .join('\n');

test.each([
  ['CrashLoopBackOff', true],
  ['Error', true],
  ['Running', false],
  ['ContainerCreating', false],
])('a provisioner that is %s crashes: %s', (status, crashes) => {
  const text = pods(['kaito-gpu-provisioner-7d9f-x2', '0/1', status], ['kaito-workspace-55-aa', '1/1', 'Running']);
  expect(provisionerCrashes.seen(text)).toBe(crashes);
});

test('a provisioner that was started again has crashed before', () => {
  expect(provisionerCrashes.seen(pods(['kaito-gpu-provisioner-7d9f-x2', '1/1', 'Running', '2']))).toBe(true);
});

test('that the operator crashes is not what is looked for', () => {
  expect(provisionerCrashes.seen(pods(['kaito-workspace-55-aa', '0/1', 'CrashLoopBackOff']))).toBe(false);
});

const workspace = ['kaito-workspace-55-aa', '1/1', 'Running'] as [string, string, string];
test.each([
  ['both run', true, [['kaito-gpu-provisioner-8-b', '1/1', 'Running'], workspace]],
  [
    'the old pod is still there',
    false,
    [['kaito-gpu-provisioner-8-b', '1/1', 'Running'], ['kaito-gpu-provisioner-7-a', '0/1', 'Error'], workspace],
  ],
  ['one is not ready', false, [['kaito-gpu-provisioner-8-b', '0/1', 'Running'], workspace]],
  ['one is missing', false, [workspace]],
] as [string, boolean, [string, string, string][]][])('%s: both provisioners run: %s', (_, run, rows) => {
  expect(provisionersRun.seen(pods(...rows))).toBe(run);
});

const screen = (conditions: readonly string[], nodes: readonly string[], pod: string, v1beta1 = false): string => {
  const [resource = '', inference = '', last = ''] = conditions;
  return [
    'Every 2.0s: kubectl get workspace,nodes,svc,pods                              host: Thu Nov 26 17:00:00 2026',
    '',
    v1beta1
      ? 'NAME                                              INSTANCE   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED   TARGETNODECOUNT   STATE   AGE'
      : 'NAME                                              INSTANCE   RESOURCEREADY   INFERENCEREADY   WORKSPACEREADY   AGE',
    v1beta1
      ? `workspace.kaito.sh/workspace-mistral-7b-instruct  Standard   ${resource.padEnd(16)}${inference.padEnd(17)}             ${last.padEnd(21)}1                 Ready   1m`
      : `workspace.kaito.sh/workspace-mistral-7b-instruct  Standard   ${resource.padEnd(16)}${inference.padEnd(17)}${last.padEnd(17)}1m`,
    '',
    'NAME                                STATUS     ROLES    AGE   VERSION',
    ...nodes.map(
      (status, index) => `node/aks-pool-${index}                     ${status.padEnd(11)}<none>   1m    v1.34.2`,
    ),
    '',
    'NAME                 TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE',
    'service/kubernetes   ClusterIP   10.0.0.1     <none>        443/TCP   1m',
    '',
    'NAME                                READY   STATUS              RESTARTS   AGE',
    `pod/workspace-mistral-0             ${pod}0          10s`,
  ].join('\n');
};
const [three, running, creating] = [
  ['Ready', 'Ready', 'Ready'],
  '1/1     Running             ',
  '0/1     ContainerCreating   ',
];

test.each([
  ['the node has not joined', [...three, 'NotReady'], creating, false],
  ['there are the first nodes only', three, creating, false],
  ['the node is ready, the image is pulled', [...three, 'Ready'], creating, true],
  ['the pod runs', [...three, 'Ready'], running, false],
])('on its way when %s', (_, nodes, pod, seen) => {
  expect(modelOnItsWay.seen(screen(['True', 'False', 'False'], nodes, pod))).toBe(seen);
});

test.each([false, true])('ready when the conditions are True and the pod runs (columns of v1beta1: %s)', (v1beta1) => {
  const nodes = [...three, 'Ready'];
  expect(modelReady.seen(screen(['True', 'True', 'True'], nodes, running, v1beta1))).toBe(true);
  expect(modelReady.seen(screen(['True', 'True', 'False'], nodes, running, v1beta1))).toBe(false);
  expect(modelReady.seen(screen(['True', 'False', 'True'], nodes, running, v1beta1))).toBe(false);
  expect(modelReady.seen(screen(['True', 'True', ''], nodes, running, v1beta1))).toBe(false);
  expect(modelReady.seen(screen(['True', 'True', 'True'], nodes, creating, v1beta1))).toBe(false);
  expect(modelReady.seen('Every 2.0s: kubectl')).toBe(false);
});

test.each([
  ['{"Result":"A Spaniard, from The Princess Bride"}pod "curl" deleted', true],
  ['{"Result":""}', false],
  ['curl: (7) Failed to connect', false],
])('%s is an answer: %s', (text, seen) => {
  expect(answered.seen(text)).toBe(seen);
});
