import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../store/store.ts';
import { type MemoryAzure, clusterBody, memoryAzure } from '../testing/memory-azure.ts';

let azure: MemoryAzure;
let path: string;

beforeEach(() => {
  azure = memoryAzure();
  path = `${azure.group}/providers/Microsoft.ContainerService/managedClusters/kaito`;
});

afterEach(() => azure.stop());

const show = async (): Promise<JsonObject> => (await azure.call('GET', path)).body;
const properties = async (): Promise<JsonObject> => (await show())['properties'] as JsonObject;

test('a cluster as the Azure CLI asks for it is completed as AKS does', async () => {
  const answer = await azure.call('PUT', path, clusterBody({ aiToolchainOperatorProfile: { enabled: true } }));
  expect(answer).toMatchObject({ status: 201, body: { properties: { provisioningState: 'Creating' } } });
  await azure.operations.ended(answer.operation!, AbortSignal.timeout(10_000));
  const cluster = await show();
  expect(cluster).toMatchObject({
    name: 'kaito',
    type: 'Microsoft.ContainerService/managedClusters',
    location: 'westus3',
    sku: { name: 'Base', tier: 'Free' },
    identity: { type: 'SystemAssigned', tenantId: azure.emulator.tenantId },
    properties: {
      provisioningState: 'Succeeded',
      powerState: { code: 'Running' },
      kubernetesVersion: '1.34.4',
      nodeResourceGroup: 'MC_KaitoLab_kaito_westus3',
      aiToolchainOperatorProfile: { enabled: true },
      networkProfile: { networkPlugin: 'azure', loadBalancerSku: 'standard', serviceCidr: '10.0.0.0/16' },
      agentPoolProfiles: [
        {
          name: 'nodepool1',
          count: 3,
          vmSize: 'Standard_D4s_v5',
          osDiskSizeGB: 128,
          osSKU: 'Ubuntu',
          mode: 'System',
          provisioningState: 'Succeeded',
          orchestratorVersion: '1.34.4',
        },
      ],
    },
  });
  const { oidcIssuerProfile, identityProfile, fqdn } = cluster['properties'] as JsonObject;
  expect((oidcIssuerProfile as JsonObject)['issuerURL']).toMatch(
    /^https:\/\/localhost:8443\/oidc\/[0-9a-f-]{36}\/[0-9a-f-]{36}\/$/,
  );
  expect(fqdn).toMatch(/^kaito-kaitolab-000000-[a-z0-9]{8}\.hcp\.westus3\.azmk8s\.io$/);
  const { resourceId, objectId, clientId } = (identityProfile as JsonObject)['kubeletidentity'] as JsonObject;
  expect(String(resourceId)).toMatch(/MC_KaitoLab_kaito_westus3\/.*\/userAssignedIdentities\/kaito-agentpool$/);
  expect(azure.emulator.principals.find(String(objectId))).toMatchObject({
    appId: clientId,
    servicePrincipalType: 'ManagedIdentity',
  });
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/MC_KaitoLab_kaito_westus3`;
  expect(azure.emulator.store.get(group)?.managedBy).toBe(cluster['id']);
  const addon = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ai-toolchain-operator-kaito`;
  const identity = azure.emulator.store.get(addon)!;
  expect(azure.emulator.principals.find(String(identity.properties['principalId']))?.alternativeId).toBe(addon);
});

test('what only AKS writes stays when the answer of a GET is put back without it', async () => {
  await azure.done('PUT', path, clusterBody());
  const before = await show();
  const {
    fqdn: _,
    provisioningState: __,
    powerState: ___,
    currentKubernetesVersion: ____,
    ...rest
  } = before['properties'] as JsonObject;
  expect(
    await azure.done('PUT', path, {
      ...before,
      properties: { ...rest, oidcIssuerProfile: { enabled: true } },
      tags: { owner: 'me' },
    }),
  ).toBeUndefined();
  expect(await show()).toEqual({
    ...before,
    tags: { owner: 'me' },
    eTag: expect.not.stringMatching(String(before['eTag'])),
    properties: {
      ...(before['properties'] as JsonObject),
      agentPoolProfiles: [expect.objectContaining({ name: 'nodepool1', count: 3, provisioningState: 'Succeeded' })],
    },
  });
});

test.each([
  ['no system pool', clusterBody({}, { mode: 'User' }), 400, 'BadRequest', /at least one system agent pool/],
  ['a field that AKS does not know', clusterBody({ colour: 'red' }), 400, 'UnmarshalError', /unknown field "colour"/],
  ['a pool field of another type', clusterBody({}, { count: 'three' }), 400, 'UnmarshalError', /count of type integer/],
  ['a version that is not offered', clusterBody({ kubernetesVersion: '1.11' }), 400, 'K8sVersionNotSupported', /1\.11/],
  [
    'a region that is not there',
    { ...clusterBody(), location: 'mars' },
    400,
    'LocationNotAvailableForResourceType',
    /mars/,
  ],
  ['no identity', { ...clusterBody(), identity: { type: 'None' } }, 400, 'InvalidParameter', /identity\.type/],
] as const)('%s is refused', async (_, body, status, code, message) => {
  const answer = await azure.call('PUT', path, body as JsonObject);
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
  expect(answer.body['message']).toMatch(message);
  expect((await azure.call('GET', path)).body['code']).toBe('ResourceNotFound');
});

test('what is fixed at the beginning cannot be changed', async () => {
  await azure.done('PUT', path, clusterBody());
  const put = (body: JsonObject) => azure.done('PUT', path, body);
  expect(await put({ location: 'eastus', properties: {} })).toMatchObject({ code: 'InvalidResourceLocation' });
  expect(await put({ properties: { dnsPrefix: 'other' } })).toMatchObject({ code: 'PropertyChangeNotAllowed' });
  expect(await put({ properties: { oidcIssuerProfile: { enabled: false } } })).toMatchObject({
    code: 'OIDCIssuerFeatureCannotBeDisabled',
  });
  expect(
    await put({ properties: { agentPoolProfiles: [{ name: 'nodepool1', vmSize: 'Standard_D8s_v5' }] } }),
  ).toMatchObject({
    code: 'PropertyChangeNotAllowed',
    message: "Changing property 'properties.vmSize' is not allowed.",
  });
});

test('of two creations at once the second is in the way of the first; and a group of nodes that is there is not taken', async () => {
  const both = await Promise.all([azure.call('PUT', path, clusterBody()), azure.call('PUT', path, clusterBody())]);
  expect(both.map(({ status }) => status)).toEqual([201, 409]);
  await azure.operations.ended(both[0].operation!, AbortSignal.timeout(10_000));
  const mine = clusterBody({ nodeResourceGroup: 'KaitoLab' });
  expect(await azure.done('PUT', path.replace(/kaito$/, 'second'), mine)).toMatchObject({
    code: 'InvalidParameter',
    message: expect.stringContaining('KaitoLab exists already'),
  });
});

test('a cluster acts as a managed identity that its maker has', async () => {
  const { store, principals, authorization } = azure.emulator;
  const id = `${azure.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine`;
  const identity = { type: 'UserAssigned', userAssignedIdentities: { [id]: {} } };
  const body = { ...clusterBody(), identity };
  expect(await azure.done('PUT', path, body)).toMatchObject({ code: 'InvalidParameter' });
  const principal = principals.create({
    displayName: 'mine',
    servicePrincipalType: 'ManagedIdentity',
    alternativeId: id,
  });
  const properties = { principalId: principal.id, clientId: principal.appId, tenantId: azure.emulator.tenantId };
  store.put({ id, name: 'mine', type: 'Microsoft.ManagedIdentity/userAssignedIdentities', properties });
  expect(await azure.done('PUT', path, body)).toBeUndefined();
  expect((await show())['identity']).toMatchObject({
    userAssignedIdentities: { [id]: { principalId: principal.id, clientId: principal.appId } },
  });
  const nodeGroup = `/subscriptions/${azure.subscriptionId}/resourceGroups/MC_KaitoLab_kaito_westus3`;
  expect(authorization.allows(principal.id, nodeGroup, 'Microsoft.Compute/virtualMachineScaleSets/write')).toBe(true);
  await azure.done('DELETE', path);
  expect(principals.find(principal.id)).toBeDefined();
});

test('stopped, it has no machines and no pool may change; started, it has new ones', async () => {
  await azure.done('PUT', path, clusterBody());
  const pool = `${path}/agentPools/gpu`;
  const names = () =>
    azure.emulator.store
      .table<{ name: string }>('aks/machines')
      .entries()
      .map(([, { name }]) => name);
  const before = names();
  expect(before).toHaveLength(3);
  expect(await azure.done('POST', `${path}/stop`)).toBeUndefined();
  expect(names()).toEqual([]);
  expect(await properties()).toMatchObject({ powerState: { code: 'Stopped' }, provisioningState: 'Succeeded' });
  expect(await azure.done('PUT', pool, { properties: { count: 1 } })).toMatchObject({
    code: 'OperationNotAllowed',
    message: expect.stringContaining('(Stopped) power state'),
  });
  const usage = await azure.call(
    'GET',
    `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Compute/locations/westus3/usages`,
  );
  expect(usage.body['value']).toContainEqual(
    expect.objectContaining({ currentValue: 0, name: { value: 'cores', localizedValue: 'Total Regional vCPUs' } }),
  );
  expect(await azure.done('POST', `${path}/start`)).toBeUndefined();
  expect(names()).toHaveLength(3);
  expect(names().filter((name) => before.includes(name))).toEqual([]);
});

test('deleted, nothing of it stays', async () => {
  await azure.done('PUT', path, clusterBody({ aiToolchainOperatorProfile: { enabled: true } }));
  const { objectId } = ((await properties())['identityProfile'] as JsonObject)['kubeletidentity'] as JsonObject;
  expect(await azure.done('DELETE', path)).toBeUndefined();
  const { store, principals } = azure.emulator;
  expect(store.list(`/subscriptions/${azure.subscriptionId}`).map(({ name }) => name)).toEqual(['KaitoLab']);
  expect(principals.find(String(objectId))).toBeUndefined();
  for (const table of ['aks/machines', 'aks/scale-sets', 'aks/etags', 'aks/issuers'])
    expect(store.table(table).entries()).toEqual([]);
  expect((await azure.call('DELETE', path)).status).toBe(204);
});

test('the identity of the add-on goes with the add-on', async () => {
  await azure.done('PUT', path, clusterBody());
  const identities = () =>
    azure.emulator.store.list('', 'Microsoft.ManagedIdentity/userAssignedIdentities').map(({ name }) => name);
  expect(identities()).toEqual(['kaito-agentpool']);
  await azure.done('PUT', path, { properties: { aiToolchainOperatorProfile: { enabled: true } } });
  expect(identities()).toEqual(['kaito-agentpool', 'ai-toolchain-operator-kaito']);
  await azure.done('PUT', path, { properties: { aiToolchainOperatorProfile: { enabled: false } } });
  expect(identities()).toEqual(['kaito-agentpool']);
});

test('credentials name cluster and user as AKS does, and are refused where static ones are switched off', async () => {
  await azure.done('PUT', path, clusterBody());
  const { body } = await azure.call('POST', `${path}/listClusterUserCredential`);
  const [entry] = body['kubeconfigs'] as readonly { name: string; value: string }[];
  expect(entry!.name).toBe('clusterUser');
  expect(JSON.parse(Buffer.from(entry!.value, 'base64').toString())).toMatchObject({
    'current-context': 'kaito',
    contexts: [{ name: 'kaito', context: { cluster: 'kaito', user: 'clusterUser_KaitoLab_kaito' } }],
  });
  await azure.done('PUT', path, { properties: { disableLocalAccounts: true } });
  expect((await azure.call('POST', `${path}/listClusterAdminCredential`)).body['code']).toBe('BadRequest');
});
