import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from 'kubernetes-types/core/v1.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Live, nodes } from '@kaito/kube';
import { type TestCluster, eventually, testCluster } from '@kaito/kube/testing';
import type { JsonObject } from '../../store/store.ts';
import { labAround } from '../testing/attached.ts';
import { type MemoryAzure, clusterBody, memoryAzure } from '../testing/memory-azure.ts';

const driver = labAround();
let cluster: TestCluster;
let directory: string;
let azure: MemoryAzure;
let path: string;

beforeAll(async () => {
  cluster = await testCluster();
});

afterAll(() => cluster.close());

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kaito-aks-'));
  azure = memoryAzure({ driver, directory });
  path = `${azure.group}/providers/Microsoft.ContainerService/managedClusters/kaito`;
  expect(await azure.done('PUT', path, clusterBody({}, { count: 1 }))).toBeUndefined();
});

afterEach(async () => {
  expect(await azure.done('DELETE', path)).toBeUndefined();
  await azure.stop();
  rmSync(directory, { recursive: true });
  await nodesOf('nodepool1', (found) => found.length === 0);
});

const gpu = (more: JsonObject = {}): JsonObject => ({
  properties: {
    count: 1,
    vmSize: 'Standard_NC64as_T4_v3',
    osDiskSizeGB: 256,
    nodeLabels: { 'kaito.sh/workspace': 'w' },
    nodeTaints: ['sku=gpu:NoSchedule'],
    ...more,
  },
});

const behave = (pool: string, behaviour: JsonObject) => azure.admin('PUT', `/aks/behaviour/${pool}`, behaviour);

const put = (name: string, body: JsonObject) => azure.done('PUT', `${path}/agentPools/${name}`, body);

/** The nodes of a pool, when they are as `predicate` wants them. */
const nodesOf = (pool: string, predicate: (found: readonly Live<Node>[]) => boolean) =>
  eventually({ client: cluster.client, resource: nodes, labelSelector: `agentpool=${pool}` }, (found) =>
    predicate(found) ? found : undefined,
  );

const isReady = ({ status }: Live<Node>, wanted = 'True'): boolean =>
  status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === wanted) === true;

const gpusOf = ({ status }: Live<Node>): string | undefined => status?.allocatable?.['nvidia.com/gpu'];

test('nodes look as AKS makes them, are Ready, and show their GPUs a little later', async () => {
  expect(
    await put('ws1', gpu({ availabilityZones: ['2'], nodeInitializationTaints: ['starting:NoSchedule'] })),
  ).toBeUndefined();
  const [node] = await nodesOf('ws1', ([one]) => one !== undefined && isReady(one) && gpusOf(one) === '4');
  const { name, labels } = node!.metadata;
  expect(name).toMatch(/^aks-ws1-\d{8}-vmss000000$/);
  expect(labels).toMatchObject({
    agentpool: 'ws1',
    'kubernetes.azure.com/agentpool': 'ws1',
    'kubernetes.azure.com/cluster': 'MC_KaitoLab_kaito_westus3',
    'kubernetes.azure.com/mode': 'user',
    'kubernetes.azure.com/os-sku': 'Ubuntu',
    'node.kubernetes.io/instance-type': 'Standard_NC64as_T4_v3',
    'topology.kubernetes.io/region': 'westus3',
    'topology.kubernetes.io/zone': 'westus3-2',
    'kubernetes.io/hostname': name,
    accelerator: 'nvidia',
    'kaito.sh/workspace': 'w',
  });
  expect(node!.spec!.providerID).toBe(
    `azure:///subscriptions/${azure.subscriptionId}/resourceGroups/mc_kaitolab_kaito_westus3/providers/Microsoft.Compute/virtualMachineScaleSets/${name!.slice(0, -6)}/virtualMachines/0`,
  );
  expect(node!.spec!.taints).toContainEqual({ key: 'sku', value: 'gpu', effect: 'NoSchedule' });
  expect(node!.spec!.taints).toContainEqual({ key: 'starting', effect: 'NoSchedule' });
  expect(node!.status!.capacity).toMatchObject({
    cpu: '64',
    memory: '440Gi',
    'ephemeral-storage': '256Gi',
    pods: '250',
  });
});

test('a pool grows, changes labels and taints on its nodes, and shrinks; what others put there stays', async () => {
  await put('ws1', gpu({ count: 2 }));
  const [first] = await nodesOf('ws1', (found) => found.length === 2);
  const ref = { name: first!.metadata.name! };
  await cluster.client.patch(nodes, ref, { type: 'merge', body: { metadata: { labels: { mine: 'yes' } } } });
  const changed = gpu({ count: 1, nodeLabels: { other: 'label' }, nodeTaints: ['a=b:PreferNoSchedule'] });
  expect(await put('ws1', changed)).toBeUndefined();
  const [left] = await nodesOf('ws1', (found) => found.length === 1);
  expect(left!.metadata.name).toBe(ref.name);
  expect(left!.metadata.labels).toMatchObject({ mine: 'yes', other: 'label' });
  expect(left!.metadata.labels).not.toHaveProperty(['kaito.sh/workspace']);
  expect(left!.spec!.taints).toContainEqual({ key: 'a', value: 'b', effect: 'PreferNoSchedule' });
  expect(left!.spec!.taints).not.toContainEqual(expect.objectContaining({ key: 'sku' }));
  expect(await azure.done('DELETE', `${path}/agentPools/ws1`)).toBeUndefined();
  await nodesOf('ws1', (found) => found.length === 0);
  await put('ws1', gpu());
  const [again] = await nodesOf('ws1', (found) => found.length === 1);
  expect(again!.metadata.name).not.toBe(ref.name);
});

test('machines misbehave on demand, and mend when that is taken back', async () => {
  await behave('never', { joins: 'never' });
  await behave('late', { bootDelayMs: 3_600_000 });
  await behave('twice', { joins: 'twice' });
  await behave('blind', { gpus: false });
  for (const name of ['never', 'late', 'twice', 'blind', 'sick']) expect(await put(name, gpu())).toBeUndefined();
  await nodesOf('twice', (found) => found.length === 2);
  await nodesOf('sick', ([one]) => one !== undefined && gpusOf(one) === '4');
  const names = (await cluster.client.list(nodes)).items.map(({ metadata }) => metadata.labels!['agentpool']);
  expect(names.toSorted()).toEqual(['blind', 'nodepool1', 'sick', 'twice', 'twice']);

  await behave('sick', { ready: false });
  await nodesOf('sick', ([one]) => one !== undefined && isReady(one, 'False'));
  for (const name of ['never', 'late', 'blind', 'sick']) await azure.admin('DELETE', `/aks/behaviour/${name}`);
  for (const name of ['never', 'late', 'blind', 'sick'])
    await nodesOf(name, ([one]) => one !== undefined && isReady(one) && gpusOf(one) === '4');
});

test('a pool made without the driver shows no GPUs', async () => {
  await put('bare', gpu({ gpuProfile: { driver: 'None' } }));
  await put('ws1', gpu());
  await nodesOf('ws1', ([one]) => one !== undefined && gpusOf(one) === '4');
  const [bare] = await nodesOf('bare', (found) => found.length === 1);
  expect(gpusOf(bare!)).toBeUndefined();
});

test('an evicted spot machine is gone, its pool is not', async () => {
  await put('spot', gpu({ scaleSetPriority: 'Spot' }));
  const [node] = await nodesOf('spot', (found) => found.length === 1);
  expect(node!.metadata.labels).toMatchObject({ 'kubernetes.azure.com/scalesetpriority': 'spot' });
  expect(await azure.admin('POST', `/aks/evict/${azure.subscriptionId}/KaitoLab/kaito/spot`)).toEqual({
    machines: [node!.metadata.name],
  });
  await nodesOf('spot', (found) => found.length === 0);
  expect((await azure.call('GET', `${path}/agentPools/spot`)).body['properties']).toMatchObject({ count: 1 });
});

test('a node that somebody deleted does not come back by itself', async () => {
  await put('ws1', gpu());
  const [node] = await nodesOf('ws1', ([one]) => one !== undefined && gpusOf(one) === '4');
  await cluster.client.delete(nodes, { name: node!.metadata.name! });
  await put('ws2', gpu());
  await nodesOf('ws2', ([one]) => one !== undefined && gpusOf(one) === '4');
  expect(await nodesOf('ws1', () => true)).toEqual([]);
});

test('a stopped cluster has no nodes', async () => {
  expect(await azure.done('POST', `${path}/stop`)).toBeUndefined();
  await nodesOf('nodepool1', (found) => found.length === 0);
  expect(await azure.done('POST', `${path}/start`)).toBeUndefined();
  await nodesOf('nodepool1', ([one]) => one !== undefined && isReady(one));
});

/** Resolves when nothing is under way. */
async function ended(): Promise<void> {
  for (const { id } of azure.operations.underWay(path)) await azure.operations.ended(id, AbortSignal.timeout(60_000));
}

test('what was under way when the emulator ended is done by the next one, once', async () => {
  const { status } = await azure.call('PUT', `${path}/agentPools/ws1`, gpu({ count: 2 }));
  expect(status).toBe(201);
  await azure.stop();
  azure = memoryAzure({ driver, directory });
  const found = await nodesOf('ws1', (all) => all.length === 2 && all.every((one) => gpusOf(one) === '4'));
  expect(found.map(({ metadata }) => metadata.name!.slice(-1)).toSorted()).toEqual(['0', '1']);
  await ended();
  expect((await azure.call('GET', `${path}/agentPools/ws1`)).body['properties']).toMatchObject({
    provisioningState: 'Succeeded',
  });
  expect((await azure.call('DELETE', `${path}/agentPools/ws1`)).status).toBe(202);
  await azure.stop();
  azure = memoryAzure({ driver, directory });
  await nodesOf('ws1', (all) => all.length === 0);
  await ended();
});
