import { ManualClock } from '@kaito/kube/testing';
import type { Client, EventContent } from '@kaito/kube';
import { expect, test } from 'vitest';
import type { NodesOutcome } from '../nodes/outcome.ts';
import { publish } from './publish.ts';
import { cachesOf, served, type World } from './testing/caches.ts';
import {
  aContainer,
  aDeployment,
  ago,
  aNode,
  aPlan,
  aPod,
  aService,
  aWorkspace,
  now,
  runningPod,
  waitingFor,
} from './testing/objects.ts';
import { createWarnings } from './warnings.ts';

const clock = { ...new ManualClock(), now: () => now, monotonic: () => 0, after: () => () => {} };
const outcome = (change: Partial<NodesOutcome> = {}): NodesOutcome => ({
  nodes: { wanted: 1, ready: ['n1'] },
  workerNodes: ['n1'],
  claims: [],
  faults: [],
  ...change,
});

async function operator() {
  const { client, caches, workspace } = await served(aWorkspace());
  const events: EventContent[] = [];
  const asked: string[] = [];
  const deps = {
    client: client as Client,
    clock,
    recorder: { record: (_: unknown, content: EventContent) => void events.push(content), flush: async () => {} },
    warnings: async ({ name }: { readonly name: string }) => {
      asked.push(name);
      return [{ reason: 'FailedMount', message: 'MountVolume.SetUp failed for volume "x" : secret "hf" not found' }];
    },
  };
  /** One reconcile that sees this world. */
  const see = async (world: World, nodes: NodesOutcome) => {
    const now = caches.workspaces.get({ namespace: 'team', name: 'demo' })!;
    const seen = { ...cachesOf(world), workspaces: caches.workspaces };
    return publish({ ...deps, caches: seen }, { workspace: now, plan: aPlan(), nodes }, 'demo-1');
  };
  return { client, workspace, see, events, asked };
}

test('from apply to Ready with instant nodes: two writes, and no stage that was over in a moment', async () => {
  const { client, see, events } = await operator();
  const fresh = { lastTransitionTime: ago(0) };
  const node = aNode('n1', { status: { conditions: [{ type: 'Ready', status: 'True', ...fresh }] } });
  const deployment = aDeployment();
  const young = { ...deployment, metadata: { ...deployment.metadata, creationTimestamp: ago(0) } };
  await see({}, outcome({ nodes: { wanted: 1, ready: [] }, workerNodes: [], requestedAt: ago(1) }));
  const made = await see({ nodes: [node], deployments: [young] }, outcome());
  expect(made.requeueAfterMs).toBe(2000);
  const pod = aPod({ conditions: [{ type: 'PodScheduled', status: 'True', ...fresh }] });
  await see({ nodes: [node], deployments: [young], pods: [pod] }, outcome());
  const ready = {
    nodes: [node],
    deployments: [aDeployment({ readyReplicas: 1 })],
    pods: [runningPod],
    services: [aService()],
  };
  const { workspace } = await see(ready, outcome());
  expect(workspace?.status?.state).toBe('Ready');
  await see(ready, outcome());
  expect(client.calls.map(({ verb }) => verb)).toEqual(['patch', 'patch']);
  expect(events.map(({ reason }) => reason)).toEqual(['NodesReady', 'WorkspaceReady']);
});

test('events are asked for only about a pod that hangs without a word', async () => {
  const { see, asked } = await operator();
  const world = { nodes: [aNode('n1')], deployments: [aDeployment()] };
  const told = aPod({ containerStatuses: [aContainer(waitingFor('ErrImagePull', 'x: not found'))] });
  await see({ ...world, pods: [told] }, outcome());
  expect(asked).toEqual([]);
  const silent = aPod({ containerStatuses: [aContainer(waitingFor('ContainerCreating'))] });
  const { workspace, requeueAfterMs } = await see({ ...world, pods: [silent] }, outcome());
  expect(asked).toEqual(['demo-7d9c8b6f5-abcde']);
  expect(workspace?.status?.rootCause).toMatchObject({
    code: 'VolumeNotMounted',
    remedy: 'kubectl create secret generic hf -n team --from-literal=<key>=<value>',
  });
  expect(requeueAfterMs).toBe(60_000);
});

const event = (message: string, lastTimestamp: string) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: message },
  reason: 'FailedMount',
  message,
  lastTimestamp,
});

test('warnings are read by the object, newest first, and kept for a while', async () => {
  let at = 0;
  const queries: unknown[] = [];
  const list = async (_: unknown, options: unknown) => {
    queries.push(options);
    if (queries.length === 3) throw new Error('no answer');
    return { items: [event('old', ago(60)), event('new', ago(5))], resourceVersion: '1' };
  };
  const warnings = createWarnings({ list } as unknown as Pick<Client, 'list'>, { monotonic: () => at });
  const subject = { namespace: 'team', name: 'demo-0', uid: 'u1' };
  expect((await warnings(subject)).map(({ message }) => message)).toEqual(['new', 'old']);
  at = 29_999;
  await warnings(subject);
  expect(queries).toEqual([{ namespace: 'team', fieldSelector: 'involvedObject.uid=u1,type=Warning' }]);
  at = 30_000;
  await warnings(subject);
  expect(queries).toHaveLength(2);
  at = 60_000;
  expect((await warnings(subject)).map(({ message }) => message)).toEqual(['new', 'old']);
});
