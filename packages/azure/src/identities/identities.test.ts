import { expect, test } from 'vitest';
import { azureAgainst } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';

const base = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kaito';
const version = '?api-version=2023-01-31';
const identity = {
  id: base,
  name: 'kaito',
  location: 'westus3',
  tags: { 'created-by': 'us' },
  properties: { clientId: 'c', principalId: 'p', tenantId: 't' },
};
const credential = { name: 'f', issuer: 'https://issuer/', subject: 'system:serviceaccount:a:b', audiences: ['x'] };
const { name, ...properties } = credential;

test('an identity and its federated credentials are made, listed and deleted', async () => {
  await using stub = await stubAzure(({ method, url }) => {
    if (method === 'DELETE') return refusal(404, 'ResourceNotFound', 'gone');
    const wire = { id: 'i', name, properties };
    if (url.includes(`/${name}?`)) return { status: 201, body: wire };
    return url.includes('federated') ? { body: { value: [wire] } } : { body: identity };
  });
  const identities = azureAgainst(stub).identities('sub');
  expect(
    await identities.create({ resourceGroup: 'rg', name: 'kaito', location: 'westus3', tags: identity.tags }),
  ).toEqual({
    id: base,
    name: 'kaito',
    location: 'westus3',
    clientId: 'c',
    principalId: 'p',
    tenantId: 't',
    tags: { 'created-by': 'us' },
  });
  expect(await identities.putFederatedCredential('rg', 'kaito', credential)).toEqual(credential);
  expect(await identities.federatedCredentials('rg', 'kaito')).toEqual([credential]);
  await identities.deleteFederatedCredential('rg', 'kaito', 'f');
  await identities.delete('rg', 'kaito');
  expect(stub.seen.map(({ method, url, body }) => `${method} ${url} ${body}`.trim())).toEqual([
    `PUT ${base}${version} {"location":"westus3","tags":{"created-by":"us"}}`,
    `PUT ${base}/federatedIdentityCredentials/f${version} ${JSON.stringify({ properties })}`,
    `GET ${base}/federatedIdentityCredentials${version}`,
    `DELETE ${base}/federatedIdentityCredentials/f${version}`,
    `DELETE ${base}${version}`,
  ]);
});

test('an identity that is not there is undefined; one that may not be read is an error', async () => {
  await using missing = await stubAzure(() => refusal(404, 'ResourceGroupNotFound', 'no such group'));
  expect(await azureAgainst(missing).identities('sub').get('rg', 'kaito')).toBeUndefined();
  await using forbidden = await stubAzure(() => refusal(403, 'AuthorizationFailed', 'no'));
  await expect(azureAgainst(forbidden).identities('sub').get('rg', 'kaito')).rejects.toMatchObject({
    code: 'RightMissing',
  });
});
