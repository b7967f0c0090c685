import { expect, test } from 'vitest';
import { wireTo } from '../testing/azure-against.ts';
import { stubAzure } from '../testing/stub-azure.ts';
import type { StubAzure } from '../testing/stub-azure.ts';
import { cloudFromEnvironment } from './cloud-from-environment.ts';
import { discoverCloud } from './discover-cloud.ts';
import { knownClouds } from './known-clouds.ts';

const metadata = (origin: string, more: object = {}) => ({
  name: 'LocalCloud',
  authentication: { loginEndpoint: `${origin}/`, audiences: [`${origin}/`, 'other'], tenant: 'common' },
  resourceManager: origin,
  microsoftGraphResourceId: `${origin}/graph/`,
  suffixes: { acrLoginServer: 'registry.example' },
  ...more,
});

async function nowhere(): Promise<StubAzure> {
  return await stubAzure(() => ({ status: 500 }));
}

test('a cloud of its own is asked what it is', async () => {
  await using stub = await stubAzure(() => ({ body: metadata(stub.origin) }));
  expect(await discoverCloud(wireTo(stub), `${stub.origin}/`)).toEqual({
    name: 'LocalCloud',
    resourceManager: stub.origin,
    resourceManagerAudience: stub.origin,
    authorityHost: stub.origin,
    graph: `${stub.origin}/graph`,
    registrySuffix: '.registry.example',
  });
  expect(stub.seen[0]!.url).toBe('/metadata/endpoints?api-version=2022-09-01');
});

test('of a list of clouds, the one that was asked is taken', async () => {
  await using stub = await stubAzure(() => ({
    body: [metadata('https://other.example', { name: 'Other' }), metadata(stub.origin)],
  }));
  expect((await discoverCloud(wireTo(stub), stub.origin)).name).toBe('LocalCloud');
});

test.each([
  ['no JSON', 'x'],
  ['nothing of use', {}],
  ['a login over http', metadata('http://127.0.0.1')],
])('%s is no cloud', async (_, body) => {
  await using stub = await stubAzure(() => ({ body }));
  await expect(discoverCloud(wireTo(stub), stub.origin)).rejects.toMatchObject({ code: 'InvalidRequest' });
});

test.each([
  [{}, 'AzureCloud', 'https://login.microsoftonline.com'],
  [{ AZURE_ENVIRONMENT: 'AzurePublicCloud' }, 'AzureCloud', 'https://login.microsoftonline.com'],
  [{ ARM_ENVIRONMENT: 'usgovernment' }, 'AzureUSGovernment', 'https://login.microsoftonline.us'],
  [{ AZURE_ENVIRONMENT: 'azurechinacloud' }, 'AzureChinaCloud', 'https://login.chinacloudapi.cn'],
  [
    { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' },
    'AzureUSGovernment',
    'https://login.microsoftonline.us',
  ],
  [{ AZURE_AUTHORITY_HOST: 'https://login.example:8443/' }, 'AzureCloud', 'https://login.example:8443'],
  [{ ARM_ENDPOINT: 'https://management.usgovcloudapi.net/' }, 'AzureUSGovernment', 'https://login.microsoftonline.us'],
])('%j is %s with %s', async (env, name, authorityHost) => {
  await using stub = await nowhere();
  expect(await cloudFromEnvironment({ env, wire: wireTo(stub) })).toMatchObject({ name, authorityHost });
  expect(stub.seen).toHaveLength(0);
});

test('the address of another Resource Manager is asked; AZURE_AUTHORITY_HOST holds all the same', async () => {
  await using stub = await stubAzure(() => ({ body: metadata(stub.origin) }));
  const env = { AZURE_RESOURCE_MANAGER_ENDPOINT: stub.origin, AZURE_AUTHORITY_HOST: 'https://login.example/' };
  expect(await cloudFromEnvironment({ env, wire: wireTo(stub) })).toMatchObject({
    resourceManager: stub.origin,
    authorityHost: 'https://login.example',
  });
});

test.each([
  [{ AZURE_ENVIRONMENT: 'Mars' }, 'AzureCloud, AzureUSGovernment, AzureChinaCloud'],
  [{ AZURE_AUTHORITY_HOST: 'http://login.example' }, 'https://HOST'],
  [{ ARM_ENDPOINT: 'management.azure.com' }, 'https://HOST'],
])('%j is refused with what would do', async (env, remedy) => {
  await using stub = await nowhere();
  const error: unknown = await cloudFromEnvironment({ env, wire: wireTo(stub) }).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'InvalidRequest', remedy: expect.stringContaining(remedy) as unknown });
});

test('addresses of the known clouds carry no trailing slash', () => {
  for (const cloud of knownClouds)
    for (const address of [cloud.resourceManager, cloud.resourceManagerAudience, cloud.authorityHost, cloud.graph])
      expect(address).toMatch(/^https:\/\/[a-z.]+$/);
});
