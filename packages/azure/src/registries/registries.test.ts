import { expect, test } from 'vitest';
import { azureAgainst } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';

const registry = {
  id: '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/mine',
  name: 'mine',
  location: 'westus3',
  sku: { name: 'Standard', tier: 'Standard' },
  properties: {
    loginServer: 'mine.azurecr.io',
    adminUserEnabled: true,
    roleAssignmentMode: 'AbacRepositoryPermissions',
  },
};
const read = {
  id: registry.id,
  name: 'mine',
  location: 'westus3',
  loginServer: 'mine.azurecr.io',
  sku: 'Standard',
  adminUserEnabled: true,
  rightsByRepository: true,
};

test('registries are read one by one, and of the whole subscription', async () => {
  await using stub = await stubAzure(({ url }) => ({
    body: url.includes('/mine?') ? registry : { value: [registry] },
  }));
  const registries = azureAgainst(stub).registries('sub');
  expect(await registries.get('rg', 'mine')).toEqual(read);
  expect(await registries.list()).toEqual([read]);
  expect(stub.seen.map(({ url }) => url)).toEqual([
    `${registry.id}?api-version=2023-07-01`,
    '/subscriptions/sub/providers/Microsoft.ContainerRegistry/registries?api-version=2023-07-01',
  ]);
});

test('a registry or a resource group that is not there is undefined', async () => {
  await using stub = await stubAzure(() => refusal(404, 'ResourceNotFound', 'no'));
  expect(await azureAgainst(stub).registries('sub').get('rg', 'mine')).toBeUndefined();
  expect(await azureAgainst(stub).resourceGroups('sub').get('rg')).toBeUndefined();
});

test('a resource group is read', async () => {
  const group = { id: '/subscriptions/sub/resourceGroups/rg', name: 'rg', location: 'westus3' };
  await using stub = await stubAzure(() => ({ body: { ...group, properties: {} } }));
  expect(await azureAgainst(stub).resourceGroups('sub').get('rg')).toEqual(group);
});
