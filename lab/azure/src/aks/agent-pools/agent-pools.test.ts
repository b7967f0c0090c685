import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../store/store.ts';
import { type MemoryAzure, clusterBody, memoryAzure } from '../testing/memory-azure.ts';

let azure: MemoryAzure;
let cluster: string;
const t4 = 'Standard_NC64as_T4_v3';

beforeEach(async () => {
  azure = memoryAzure();
  cluster = `${azure.group}/providers/Microsoft.ContainerService/managedClusters/kaito`;
  expect(await azure.done('PUT', cluster, clusterBody())).toBeUndefined();
});

afterEach(() => azure.stop());

const pool = (name: string): string => `${cluster}/agentPools/${name}`;
const put = (name: string, properties: JsonObject) => azure.done('PUT', pool(name), { properties });
/** As the provisioner asks. */
const gpu = (more: JsonObject = {}): JsonObject => ({
  count: 1,
  vmSize: t4,
  type: 'VirtualMachineScaleSets',
  osType: 'Linux',
  nodeLabels: { 'kaito.sh/workspace': 'w', 'karpenter.sh/nodepool': 'kaito' },
  nodeTaints: ['sku=gpu:NoSchedule'],
  ...more,
});

test('a pool is made, shown, changed and deleted', async () => {
  const created = await azure.call('PUT', pool('ws1'), { properties: gpu() });
  expect(created).toMatchObject({ status: 201, body: { name: 'ws1', properties: { provisioningState: 'Creating' } } });
  await azure.operations.ended(created.operation!, AbortSignal.timeout(10_000));
  expect((await azure.call('GET', pool('ws1'))).body['properties']).toMatchObject({
    provisioningState: 'Succeeded',
    mode: 'User',
    maxPods: 250,
    osDiskSizeGB: 128,
    nodeImageVersion: expect.stringMatching(/^AKSUbuntu-/),
    powerState: { code: 'Running' },
    nodeTaints: ['sku=gpu:NoSchedule'],
  });
  expect(await put('ws1', gpu({ count: 2 }))).toBeUndefined();
  const { body } = await azure.call('GET', `${cluster}/agentPools`);
  expect((body['value'] as readonly JsonObject[]).map(({ name }) => name)).toEqual(['nodepool1', 'ws1']);
  expect((await azure.call('DELETE', pool('ws1'))).status).toBe(202);
  await azure.operations.ended(azure.operations.underWay(pool('ws1'))[0]!.id, AbortSignal.timeout(10_000));
  for (const method of ['GET', 'DELETE'])
    expect(await azure.call(method, pool('ws1'))).toMatchObject({
      status: 404,
      body: { code: 'NotFound', message: expect.stringContaining('Agent Pool not found') },
    });
});

test.each([
  ['Upper', {}, 'InvalidParameter', /\^\[a-z\]\[a-z0-9\]\{0,11\}\$/],
  ['ws', { vmSize: 'Standard_Nope' }, 'BadRequest', /VM size of Standard_Nope is not allowed/],
  ['ws', { vmSize: 'Standard_NC6' }, 'BadRequest', /VM size of Standard_NC6 is not allowed/],
  ['ws', { availabilityZones: ['4'] }, 'AvailabilityZoneNotSupported', /zone\(s\) '4'.*'1,2,3'/],
  ['ws', { osDiskSizeGB: 29 }, 'InvalidParameter', /osDiskSizeGB/],
  ['ws', { osDiskSizeGB: 2049 }, 'InvalidParameter', /osDiskSizeGB/],
  ['ws', { nodeTaints: ['sku=gpu'] }, 'InvalidParameter', /'sku=gpu' is not a taint/],
  ['ws', { nodeLabels: { 'a b': 'c' } }, 'InvalidParameter', /nodeLabels/],
  ['ws', { nodeLabels: { 'kubernetes.azure.com/mode': 'x' } }, 'InvalidParameter', /reserved for AKS/],
  ['ws', { spotMaxPrice: 1 }, 'InvalidParameter', /only allowed where scaleSetPriority is Spot/],
  ['ws', { scaleSetPriority: 'Spot', mode: 'System' }, 'InvalidParameter', /system node pool cannot be of spot/],
  ['ws', { count: 1001 }, 'InvalidParameter', /count/],
  ['ws', { enableAutoScaling: true }, 'InvalidParameter', /minCount/],
  ['ws', { vnetSubnetID: 'subnet' }, 'InvalidParameter', /resource id of a subnet/],
  ['ws', { osSKU: 'Debian' }, 'InvalidParameter', /osSKU/],
  ['ws', { orchestratorVersion: '1.2' }, 'K8sVersionNotSupported', /1\.2/],
  ['ws', { gpuProfile: { driver: 'Maybe' } }, 'InvalidParameter', /driver/],
  ['ws', { gpuInstanceProfile: 'MIG1g' }, 'InvalidParameter', /partitioned/],
  ['ws', { nodeInitializationTaints: ['a'] }, 'InvalidParameter', /nodeInitializationTaints/],
  ['ws', { speed: 1 }, 'UnmarshalError', /unknown field "speed"/],
] as const)('%s with %j is refused with %s', async (name, properties, code, message) => {
  const error = await put(name, gpu(properties));
  expect(error).toMatchObject({ code });
  expect(error!.message).toMatch(message);
  expect((await azure.call('GET', pool(name))).status).toBe(404);
});

test('the last system pool stays, and stays a system pool', async () => {
  expect(await azure.done('DELETE', pool('nodepool1'))).toMatchObject({ code: 'BadRequest' });
  expect(await put('nodepool1', { mode: 'User' })).toMatchObject({ code: 'BadRequest' });
  expect(await put('system2', { mode: 'System' })).toBeUndefined();
  expect(await azure.done('DELETE', pool('nodepool1'))).toBeUndefined();
});

test('the same request again changes nothing; another size is refused', async () => {
  await put('ws1', gpu());
  expect(await put('ws1', gpu({ osDiskSizeGB: 0 }))).toBeUndefined();
  expect(await put('ws1', gpu({ vmSize: 'standard_nc64as_t4_v3' }))).toBeUndefined();
  expect(await put('ws1', gpu({ vmSize: 'Standard_NC4as_T4_v3' }))).toMatchObject({ code: 'PropertyChangeNotAllowed' });
  expect(await put('ws1', gpu({ availabilityZones: ['1'] }))).toMatchObject({ code: 'PropertyChangeNotAllowed' });
});

test('entity tags guard creation and deletion, and a pool made anew has another', async () => {
  const create = () => azure.call('PUT', pool('ws1'), { properties: gpu() }, { 'if-none-match': '*' });
  const first = await create();
  const tag = (first.body['properties'] as JsonObject)['eTag'] as string;
  await azure.operations.ended(first.operation!, AbortSignal.timeout(10_000));
  expect(await create()).toMatchObject({ status: 412, body: { code: 'PreconditionFailed' } });
  expect((await azure.call('DELETE', pool('ws1'), undefined, { 'if-match': 'other' })).status).toBe(412);
  const removed = await azure.call('DELETE', pool('ws1'), undefined, { 'if-match': tag });
  expect(removed.status).toBe(202);
  await azure.operations.ended(removed.operation!, AbortSignal.timeout(10_000));
  expect(((await create()).body['properties'] as JsonObject)['eTag']).not.toBe(tag);
});

test('one operation at a time, unless that is switched off; then one per pool', async () => {
  const { operation } = await azure.call('PUT', pool('ws1'), { properties: gpu() });
  for (const [method, path, body] of [
    ['PUT', pool('ws2'), { properties: gpu() }],
    ['DELETE', pool('nodepool1'), undefined],
    ['PUT', cluster, { properties: {} }],
    ['POST', `${cluster}/stop`, undefined],
    ['DELETE', cluster, undefined],
  ] as const)
    expect(await azure.call(method, path, body)).toMatchObject({
      status: 409,
      body: {
        code: 'OperationNotAllowed',
        message: expect.stringContaining("there's an in progress create node pool operation"),
      },
    });
  expect((await azure.call('GET', cluster)).body['properties']).toMatchObject({ provisioningState: 'Updating' });
  await azure.admin('PUT', '/aks/settings', { serialised: false });
  expect((await azure.call('PUT', pool('ws2'), { properties: gpu() })).status).toBe(201);
  expect((await azure.call('PUT', pool('ws2'), { properties: gpu() })).status).toBe(409);
  await azure.operations.ended(operation!, AbortSignal.timeout(10_000));
});

test('a cluster has so many pools and no more, until the knob is turned', async () => {
  await azure.admin('PUT', '/aks/settings', { poolsPerCluster: 2 });
  expect(await put('ws1', gpu())).toBeUndefined();
  expect(await put('ws2', gpu())).toMatchObject({ code: 'MaxAgentPoolCountReached' });
  await azure.admin('PUT', '/aks/settings', { poolsPerCluster: 3 });
  expect(await put('ws2', gpu())).toBeUndefined();
});

test('quota is enforced by family, region and for spot machines, and given back', async () => {
  const quota = (family: string, limit: number) =>
    azure.admin('PUT', `/compute/quotas/${azure.subscriptionId}/westus3/${family}`, { limit });
  await quota('Standard NCASv3_T4 Family', 64);
  expect(await put('ws1', gpu())).toBeUndefined();
  expect(await put('ws2', gpu())).toEqual({
    code: 'ErrCode_InsufficientVCPUQuota',
    message:
      'Insufficient vcpu quota requested 64, remaining 0 for family Standard NCASv3_T4 Family for region westus3.',
  });
  expect(await put('ws1', gpu({ count: 2 }))).toMatchObject({ code: 'ErrCode_InsufficientVCPUQuota' });
  expect(await put('ws1', gpu({ nodeLabels: { changed: 'yes' } }))).toBeUndefined();
  expect(await put('spot', gpu({ scaleSetPriority: 'Spot' }))).toBeUndefined();
  await quota('lowPriorityCores', 64);
  expect((await put('spot2', gpu({ scaleSetPriority: 'Spot' })))?.message).toContain('for family lowPriorityCores');
  await azure.done('DELETE', pool('ws1'));
  expect(await put('ws2', gpu())).toBeUndefined();
  await quota('cores', 80);
  expect((await put('cpu', { count: 2 }))?.message).toMatch(
    /^Insufficient regional vcpu quota left for location westus3\. left regional vcpu quota 4, requested quota 8/,
  );
});

test('a size may be kept from a subscription, in a region or in a zone', async () => {
  await azure.admin('PUT', `/compute/restrictions/westus3/${t4}`, { zones: ['1'] });
  expect(await put('ws1', gpu({ availabilityZones: ['1', '2'] }))).toMatchObject({
    code: 'AvailabilityZoneNotSupported',
    message:
      "The zone(s) '1,2' for resource 'ws1' is not supported. The supported zones for location 'westus3' are '2,3'",
  });
  expect(await put('ws1', gpu({ availabilityZones: ['2'] }))).toBeUndefined();
  await azure.admin('PUT', `/compute/restrictions/westus3/${t4}`);
  expect(await put('ws2', gpu())).toMatchObject({ code: 'SkuNotAvailable' });
  await azure.admin('DELETE', `/compute/restrictions/westus3/${t4}`);
  expect(await put('ws2', gpu())).toBeUndefined();
});

test('autoscaling is switched on within bounds, and off with them', async () => {
  expect(await put('ws1', gpu({ enableAutoScaling: true, minCount: 1, maxCount: 3 }))).toBeUndefined();
  expect(await put('ws1', { count: 4 })).toMatchObject({ code: 'InvalidParameter' });
  expect(await put('ws1', { enableAutoScaling: false, count: 4 })).toBeUndefined();
  expect((await azure.call('GET', pool('ws1'))).body['properties']).not.toHaveProperty('maxCount');
});

test('spot pools get the label and the taint of AKS', async () => {
  await put('spot', gpu({ scaleSetPriority: 'Spot' }));
  const spot = (await azure.call('GET', pool('spot'))).body['properties'] as JsonObject;
  expect(spot).toMatchObject({
    scaleSetEvictionPolicy: 'Delete',
    spotMaxPrice: -1,
    nodeLabels: { 'kubernetes.azure.com/scalesetpriority': 'spot', 'kaito.sh/workspace': 'w' },
    nodeTaints: ['sku=gpu:NoSchedule', 'kubernetes.azure.com/scalesetpriority=spot:NoSchedule'],
  });
  expect(await put('spot', { nodeLabels: spot['nodeLabels']!, count: 2 })).toBeUndefined();
});

test('a subnet needs the right to join it', async () => {
  const vnetSubnetID = `${azure.group}/providers/Microsoft.Network/virtualNetworks/net/subnets/gpu`;
  const { principals, authorization } = azure.emulator;
  const caller = principals.create({ displayName: 'provisioner', servicePrincipalType: 'ManagedIdentity' });
  const as = (name: string) =>
    azure.call('PUT', pool(name), { properties: gpu({ vnetSubnetID }) }, { caller: caller.id });
  const refused = await as('ws1');
  expect(refused).toMatchObject({ status: 403, body: { code: 'LinkedAuthorizationFailed' } });
  expect(refused.body['message']).toContain(`on the linked scope(s) '${vnetSubnetID}'`);
  authorization.assign(caller.id, vnetSubnetID, 'Network Contributor');
  expect((await as('ws1')).status).toBe(201);
});

test('a pool of a cluster that is not there', async () => {
  const missing = cluster.replace(/kaito$/, 'other');
  expect(await azure.call('PUT', `${missing}/agentPools/a`, { properties: gpu() })).toMatchObject({
    status: 404,
    body: { code: 'ParentResourceNotFound' },
  });
  expect(await azure.call('GET', `${missing}/agentPools`)).toMatchObject({
    status: 404,
    body: { code: 'ResourceNotFound' },
  });
});
