import type { Workspace, WorkspaceStatus } from '@kaito/api';
import { expect, test } from 'vitest';
import { gather, type Sighting } from './gather.ts';
import { sameStatus, tellAfterMs } from './same-status.ts';
import { statusOf } from './status-of.ts';
import { cachesOf, type World } from './testing/caches.ts';
import { aDeployment, ago, aNode, aPlan, aService, aWorkspace, condition, now, runningPod } from './testing/objects.ts';

const nodes: NonNullable<Sighting['nodes']> = {
  nodes: { wanted: 1, ready: ['n1'] },
  workerNodes: ['n1'],
  claims: [{ ordinal: 0, attempt: 0, name: 'ws012345678' }],
  faults: [],
};
const serving: World = {
  nodes: [aNode('n1')],
  deployments: [aDeployment({ readyReplicas: 1 })],
  pods: [runningPod],
  services: [aService()],
};
const plan = aPlan({
  model: { name: 'phi-2' } as never,
  shape: { replicas: 1, gpusPerPod: 1, contextLength: 2048 } as never,
  pricePerHour: { amount: 3.06, currency: 'USD' } as never,
});

function judge(status: WorkspaceStatus | undefined, seen: Partial<Sighting> = {}, at = now, world = serving) {
  const workspace = aWorkspace(status === undefined ? {} : ({ status } as Partial<Workspace>));
  const sighting = { workspace, plan, nodes, caches: cachesOf(world), ...seen };
  const evidence = gather(sighting);
  return statusOf({ ...sighting, revision: 'demo-1a2b3', evidence, now: at });
}

test('a Workspace that serves has all of it, and nothing to be looked at again', () => {
  const { status, lookAgainAfterMs } = judge(undefined);
  expect(lookAgainAfterMs).toBeUndefined();
  expect(status).toMatchObject({
    state: 'Ready',
    endpoint: 'http://demo.team.svc',
    workerNodes: ['n1'],
    targetNodeCount: 1,
    observedGeneration: 1,
    nodeClaims: [{ ordinal: 0, attempt: 0, name: 'ws012345678' }],
    plan: {
      revision: 'demo-1a2b3',
      model: 'phi-2',
      image: 'contoso.azurecr.io/models/phi-2:0.0.9',
      replicas: 1,
      gpusPerPod: 1,
      contextLength: 2048,
      machines: 1,
      price: '3.06 USD/h',
    },
  });
  expect(status).not.toHaveProperty('rootCause');
  expect(status.conditions?.map(({ type, status: holds, reason }) => `${type}=${holds} ${reason}`)).toEqual([
    'NodesReady=True NodesReady',
    'ResourceReady=True workspaceResourceStatusSuccess',
    'InferenceReady=True WorkspaceInferenceStatusSuccess',
    'WorkspaceSucceeded=True workspaceSucceeded',
    'WorkspaceReady=True workspaceReady',
  ]);
  expect(
    status.phases?.map(({ name, state, startedAt, endedAt, expectedSeconds }) => [
      name,
      state,
      startedAt,
      endedAt,
      expectedSeconds,
    ]),
  ).toEqual([
    ['Validated', 'done', ago(600), ago(600), 0],
    ['NodesReady', 'done', ago(600), ago(299), 410],
    ['ImagePulled', 'done', ago(298), ago(180), 200],
    ['WeightsReady', 'done', ago(180), ago(180), 0],
    ['ModelLoaded', 'done', ago(180), ago(100), 80],
    ['Serving', 'done', ago(100), ago(100), undefined],
  ]);
});

test('the same world gives the same status at any time, and nothing to write', () => {
  const { status } = judge(undefined);
  const later = judge(status, {}, new Date(now.getTime() + 86_400_000)).status;
  expect(later).toEqual(status);
  expect(sameStatus(status, later)).toBe(true);
});

test('what others wrote is kept, what is ours and holds no longer goes', () => {
  const benchmark = condition('BenchmarkCompleted', 'True', 'BenchmarkCompleted');
  const previous: WorkspaceStatus = {
    performance: { metrics: {} },
    strange: 1,
    rootCause: { code: 'Old', message: 'old', needs: 'time' },
    conditions: [
      condition('MachineReady', 'True', 'installNodePluginsSuccess'),
      condition('NodeClaimReady', 'True', 'NodeClaimsReady'),
      benchmark,
      condition('WorkspaceReady', 'False', 'workspacePending', '', ago(900)),
    ],
  };
  const { status } = judge(previous);
  expect(status).toMatchObject({ performance: { metrics: {} }, strange: 1 });
  expect(status).not.toHaveProperty('rootCause');
  const types = status.conditions?.map(({ type }) => type);
  expect(types).toEqual([
    'NodesReady',
    'ResourceReady',
    'InferenceReady',
    'WorkspaceSucceeded',
    'WorkspaceReady',
    'BenchmarkCompleted',
  ]);
  expect(status.conditions?.find(({ type }) => type === 'WorkspaceReady')?.lastTransitionTime).toBe(
    '2026-03-01T12:10:00Z',
  );
});

test('of a Workspace that another operator looks after, nothing is said but that', () => {
  const previous: WorkspaceStatus = {
    state: 'Ready',
    workerNodes: ['theirs'],
    conditions: [condition('WorkspaceSucceeded', 'True', 'workspaceSucceeded')],
  };
  const { status } = judge(previous, { managedElsewhere: 'kaito-workspace in kube-system' });
  expect(status).toEqual({
    ...previous,
    conditions: [
      ...previous.conditions!,
      {
        type: 'ManagedElsewhere',
        status: 'True',
        reason: 'AnotherOperator',
        message:
          'kaito-workspace in kube-system looks after this Workspace; this operator leaves it alone. Remedy: keep one of the two operators: helm list --all-namespaces shows what is installed',
        lastTransitionTime: '2026-03-01T12:10:00Z',
        observedGeneration: 1,
      },
    ],
  });
  expect(judge(status, { managedElsewhere: 'kaito-workspace in kube-system' }).status).toEqual(status);
  expect(judge(status).status.conditions?.map(({ type }) => type)).not.toContain('ManagedElsewhere');
});

test('an update that is held is told with its difference and its downtime, and the Workspace stays Ready', () => {
  const update = { difference: ['image: a → b'], downtimeSeconds: 480, waitsFor: 'the window 0 2 * * 6 4h' };
  const { status } = judge(undefined, { update });
  expect(status.state).toBe('Ready');
  expect(status.conditions?.at(-1)).toMatchObject({
    type: 'UpdateAvailable',
    status: 'True',
    reason: 'UpdateHeld',
    message:
      'a newer version would change: image: a → b; it costs about 8 min without service; it waits for the window 0 2 * * 6 4h',
  });
});

test('while it is deleted nothing is called ready any more', () => {
  const before = judge(undefined).status;
  const metadata = { ...aWorkspace().metadata, deletionTimestamp: ago(5) };
  const workspace = aWorkspace({ metadata: metadata as never, status: before });
  const evidence = gather({
    workspace,
    plan,
    caches: cachesOf(serving),
    release: { done: false, waitsFor: ['NodeClaim ws012345678'] },
  });
  const { status, lookAgainAfterMs } = statusOf({ workspace, plan, evidence, now });
  expect(status.state).toBe('NotReady');
  expect(status.rootCause).toMatchObject({ code: 'Deleting', needs: 'time' });
  expect(status.conditions?.filter(({ status: holds }) => holds === 'True').map(({ type }) => type)).toEqual([
    'WorkspaceDeleting',
  ]);
  expect(status.nodeClaims).toEqual(before.nodeClaims);
  expect(lookAgainAfterMs).toBe(895_000);
});

test('a template that gets no Service is Ready without an endpoint', () => {
  const { status } = judge(undefined, {}, now, { ...serving, services: [] });
  expect(status.state).toBe('Ready');
  expect(status).not.toHaveProperty('endpoint');
});

const running = (name: string, startedAt: string): WorkspaceStatus => ({
  state: 'Pending',
  conditions: [],
  rootCause: { code: name, message: name, needs: 'time' },
  phases: [{ name, state: 'running', startedAt }],
});

test('progress waits until its stage has lasted two seconds; what people wait for does not', () => {
  const before = running('NodesReady', ago(60));
  expect(tellAfterMs(undefined, before, now)).toBe(0);
  expect(tellAfterMs(before, running('ImagePulled', ago(1)), now)).toBe(1000);
  expect(tellAfterMs(before, running('ImagePulled', ago(2)), now)).toBe(0);
  const young = running('ImagePulled', ago(0));
  expect(tellAfterMs(before, { ...young, state: 'Ready' }, now)).toBe(0);
  expect(tellAfterMs(before, { ...young, observedGeneration: 2 }, now)).toBe(0);
  expect(tellAfterMs(before, { ...young, nodeClaims: [{ ordinal: 0, attempt: 1, name: 'ws1' }] }, now)).toBe(0);
  expect(tellAfterMs(before, { ...young, rootCause: { code: 'X', message: 'x', needs: 'person' } }, now)).toBe(0);
  const deleting = [condition('WorkspaceDeleting', 'True', 'workspaceDeleted')];
  expect(tellAfterMs(before, { ...young, conditions: deleting }, now)).toBe(0);
});
