import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployments, serviceAccounts } from '@kaito/kube';
import { type TestCluster, testCluster } from '@kaito/kube/testing';
import type { JsonObject } from '../../store/store.ts';
import { labAround } from '../testing/attached.ts';
import { type MemoryAzure, clusterBody, memoryAzure } from '../testing/memory-azure.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster();
});

afterAll(() => cluster.close());

const pathOf = (azure: MemoryAzure): string =>
  `${azure.group}/providers/Microsoft.ContainerService/managedClusters/kaito`;

const addonDeployments = async (): Promise<readonly string[]> => {
  const { items } = await cluster.client.list(deployments, {
    namespace: 'kube-system',
    labelSelector: 'app=ai-toolchain-operator',
  });
  return items.map(({ metadata }) => metadata.name!).toSorted();
};

test('the add-on is installed with what the cluster is, and removed', async () => {
  const azure = memoryAzure({ driver: labAround() });
  const path = pathOf(azure);
  const switched = (enabled: boolean) =>
    azure.done('PUT', path, { properties: { aiToolchainOperatorProfile: { enabled } } });
  expect(await azure.done('PUT', path, clusterBody({ aiToolchainOperatorProfile: { enabled: true } }))).toBeUndefined();
  expect(await addonDeployments()).toEqual(['kaito-gpu-provisioner', 'kaito-workspace']);
  const { spec } = await cluster.client.get(deployments, { namespace: 'kube-system', name: 'kaito-gpu-provisioner' });
  const environment = spec!.template.spec!.containers[0]!.env!;
  for (const [name, value] of [
    ['ARM_SUBSCRIPTION_ID', azure.subscriptionId],
    ['ARM_RESOURCE_GROUP', 'KaitoLab'],
    ['AZURE_CLUSTER_NAME', 'kaito'],
    ['LOCATION', 'westus3'],
  ])
    expect(environment).toContainEqual({ name, value });
  const identity = azure.emulator.store
    .list('', 'Microsoft.ManagedIdentity/userAssignedIdentities')
    .find(({ name }) => name === 'ai-toolchain-operator-kaito')!;
  const account = await cluster.client.get(serviceAccounts, {
    namespace: 'kube-system',
    name: 'kaito-gpu-provisioner',
  });
  expect(account.metadata.annotations).toMatchObject({
    'azure.workload.identity/client-id': identity.properties['clientId'],
  });
  expect(await switched(false)).toBeUndefined();
  expect(await addonDeployments()).toEqual([]);
  expect(await switched(true)).toBeUndefined();
  expect(await addonDeployments()).toEqual(['kaito-gpu-provisioner', 'kaito-workspace']);
  expect(await azure.done('DELETE', path)).toBeUndefined();
  expect(await addonDeployments()).toEqual([]);
  await azure.stop();
});

test('what helm refuses fails the operation in its words', async () => {
  const chart = mkdtempSync(join(tmpdir(), 'no-chart-'));
  cluster.after(() => rm(chart, { recursive: true }));
  const azure = memoryAzure({ driver: labAround(), addon: { chart } });
  const path = pathOf(azure);
  const error = await azure.done('PUT', path, clusterBody({ aiToolchainOperatorProfile: { enabled: true } }));
  expect(error).toMatchObject({ code: 'AddonOperationFailed', message: expect.stringContaining('Chart.yaml') });
  expect((await azure.call('GET', path)).body['properties']).toMatchObject({
    provisioningState: 'Failed',
    agentPoolProfiles: [{ provisioningState: 'Failed' }],
  });
  // Without it the cluster comes right.
  expect(
    await azure.done('PUT', path, { properties: { aiToolchainOperatorProfile: { enabled: false } } }),
  ).toBeUndefined();
  expect((await azure.call('GET', path)).body['properties']).toMatchObject({ provisioningState: 'Succeeded' });
  expect(await azure.done('DELETE', path)).toBeUndefined();
  await azure.stop();
});

test('the issuer is the one whose tokens the API server gives out, and its keys are served', async () => {
  const announced: [string, JsonObject][] = [];
  const azure = memoryAzure({
    driver: labAround(),
    announceIssuer: (issuer, served) => void announced.push([issuer, { ...served }]),
  });
  const path = pathOf(azure);
  expect(await azure.done('PUT', path, clusterBody())).toBeUndefined();
  const { status } = (await cluster.client.raw('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['api://AzureADTokenExchange'] },
  })) as { readonly status: { readonly token: string } };
  const [, claims] = status.token.split('.');
  const { iss } = JSON.parse(Buffer.from(claims!, 'base64url').toString()) as { readonly iss: string };
  const { oidcIssuerProfile, resourceUID } = (await azure.call('GET', path)).body['properties'] as JsonObject;
  expect(oidcIssuerProfile).toEqual({ enabled: true, issuerURL: iss });
  const base = `https://localhost:8443/oidc/${azure.emulator.tenantId}/${String(resourceUID)}/`;
  expect(announced).toEqual([
    [iss, { discovery: `${base}.well-known/openid-configuration`, keys: `${base}openid/v1/jwks` }],
  ]);
  expect(await azure.done('DELETE', path)).toBeUndefined();
  await azure.stop();
});
