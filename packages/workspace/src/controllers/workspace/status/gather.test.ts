import { expect, test } from 'vitest';
import { gather, type Sighting } from './gather.ts';
import { cachesOf, type World } from './testing/caches.ts';
import {
  aContainer,
  aDeployment,
  ago,
  aNode,
  aPlan,
  aPod,
  aService,
  aStatefulSet,
  aWorkspace,
  runningPod,
} from './testing/objects.ts';

const nodes: Sighting['nodes'] = {
  nodes: { wanted: 1, ready: ['n1'] },
  workerNodes: ['n1'],
  claims: [],
  faults: [],
  requestedAt: ago(595),
};
const look = (world: World, seen: Partial<Sighting> = {}) =>
  gather({ workspace: aWorkspace(), plan: aPlan(), nodes, caches: cachesOf(world), ...seen });
const serving: World = {
  nodes: [aNode('n1')],
  deployments: [aDeployment({ readyReplicas: 1 })],
  pods: [runningPod],
  services: [aService()],
};

test('the clock is read from the times that the cluster keeps', () => {
  expect(look(serving).phases).toEqual([
    { phase: 'Validated', startedAt: ago(600), endedAt: ago(600) },
    // The last node was ready one second before the workload was made.
    { phase: 'NodesReady', startedAt: ago(595), endedAt: ago(299) },
    { phase: 'ImagePulled', startedAt: ago(298), endedAt: ago(180) },
    { phase: 'WeightsReady', startedAt: ago(180), endedAt: ago(180) },
    { phase: 'ModelLoaded', startedAt: ago(180), endedAt: ago(100) },
    { phase: 'Serving', startedAt: ago(100), endedAt: ago(100) },
  ]);
});

test('nodes that were there before the Workspace took no time', () => {
  const old = aNode('n1', {
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ago(9000) }] },
  });
  const { phases } = look({ nodes: [old] });
  expect(phases[1]).toEqual({ phase: 'NodesReady', startedAt: ago(595), endedAt: ago(595) });
});

const fetched = (name: string, finishedAt?: string) =>
  aContainer({
    name,
    state:
      finishedAt === undefined
        ? { running: { startedAt: ago(250) } }
        : { terminated: { exitCode: 0, startedAt: ago(290), finishedAt } },
  });

const phaseOf = (...initContainerStatuses: object[]) =>
  look({ ...serving, pods: [aPod({ initContainerStatuses })] }).phases.find(({ phase }) => phase === 'WeightsReady');

test('the weights are there when each init container that fetches them has ended well', () => {
  expect(phaseOf(fetched('weights', ago(250)), fetched('adapter-0'))).toEqual({
    phase: 'WeightsReady',
    startedAt: ago(290),
  });
  expect(phaseOf(fetched('weights', ago(250)), fetched('adapter-0', ago(240)))).toEqual({
    phase: 'WeightsReady',
    startedAt: ago(290),
    endedAt: ago(240),
  });
});

const rank = (name: string, startedAt: string) =>
  aPod(
    { containerStatuses: [aContainer({ state: { running: { startedAt } } })] },
    { name, metadata: { labels: { 'controller-revision-hash': 'demo-1' } } },
  );

test('a phase of several pods begins with the first and ends with the last that is wanted', () => {
  const world = { nodes: [aNode('n1')], statefulSets: [aStatefulSet()] };
  const one = look({ ...world, pods: [rank('demo-0', ago(200))] }).phases[2];
  expect(one).toEqual({ phase: 'ImagePulled', startedAt: ago(298) });
  const both = look({ ...world, pods: [rank('demo-0', ago(200)), rank('demo-1', ago(150))] }).phases[2];
  expect(both).toEqual({ phase: 'ImagePulled', startedAt: ago(298), endedAt: ago(150) });
});

test('pods of an older template are told apart', () => {
  const old = aPod(
    {},
    { name: 'demo-1', metadata: { creationTimestamp: ago(500), labels: { 'pod-template-hash': '1' } } },
  );
  const fresh = aPod({}, { name: 'demo-2', metadata: { labels: { 'pod-template-hash': '2' } } });
  const current = (pods: (typeof old)[]) => look({ ...serving, pods }).pods?.map((pod) => pod.current);
  expect(current([old, fresh])).toEqual([false, true]);
  const twin = aPod({}, { name: 'demo-3', metadata: { labels: { 'pod-template-hash': '3' } } });
  expect(current([old, fresh, twin])).toEqual([undefined, undefined, undefined]);
});

test('the endpoint is the Service, its port left out where it is 80', () => {
  expect(look(serving).serviceEndpoint).toBe('http://demo.team.svc');
  expect(look({ ...serving, services: [aService(8080)] }).serviceEndpoint).toBe('http://demo.team.svc:8080');
  expect(look({ ...serving, services: [] })).not.toHaveProperty('serviceEndpoint');
});

test('a sidecar among the init containers counts as a container', () => {
  const pod = aPod(
    { initContainerStatuses: [aContainer({ name: 'proxy' }), aContainer({ name: 'weights' })] },
    { spec: { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }, { name: 'weights' }] } },
  );
  expect(look({ ...serving, pods: [pod] }).pods?.[0]?.containers.map(({ name, init }) => [name, init])).toEqual([
    ['proxy', false],
    ['weights', true],
  ]);
});
