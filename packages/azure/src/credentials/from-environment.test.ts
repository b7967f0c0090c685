import { expect, test } from 'vitest';
import { createWire } from '../azure.ts';
import { wireTo } from '../testing/azure-against.ts';
import { JumpingClock, stubAzure } from '../testing/stub-azure.ts';
import { credentialFromEnvironment } from './from-environment.ts';

const client = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' };

async function formOf(env: Record<string, string>) {
  await using stub = await stubAzure(() => ({ body: { access_token: 't', expires_in: 3600 } }));
  await credentialFromEnvironment({ env, cloud: stub.cloud, wire: wireTo(stub) }).token('https://arm');
  const [request] = stub.seen;
  return { url: request!.url, form: new URLSearchParams(request!.body) };
}

test('a secret makes a service principal, a token file a workload identity', async () => {
  const secret = await formOf({ ...client, AZURE_CLIENT_SECRET: 's' });
  expect(secret.url).toBe('/tenant/oauth2/v2.0/token');
  expect(secret.form.get('client_secret')).toBe('s');
  const federated = await formOf({
    ...client,
    AZURE_FEDERATED_TOKEN_FILE: import.meta.filename,
    AZURE_CLIENT_SECRET: ' ',
  });
  expect(federated.form.get('client_assertion')).toContain('workload identity');
});

test('App Service and metadata services are asked where the environment says', async () => {
  await using stub = await stubAzure(() => ({ body: { access_token: 't', expires_in: 3600 } }));
  const get = async (env: Record<string, string>) =>
    (await credentialFromEnvironment({ env, cloud: stub.cloud, wire: wireTo(stub) }).token('r')).value;
  expect(await get({ IDENTITY_ENDPOINT: `${stub.origin}/msi`, IDENTITY_HEADER: 'h', AZURE_CLIENT_ID: 'c' })).toBe('t');
  expect(await get({ AZURE_POD_IDENTITY_AUTHORITY_HOST: stub.origin })).toBe('t');
  expect(stub.seen.map(({ url }) => url)).toEqual([
    '/msi?api-version=2019-08-01&resource=r&client_id=c',
    '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=r',
  ]);
});

test.each([
  [{ AZURE_CLIENT_SECRET: 's', AZURE_CLIENT_ID: 'c' }, 'AZURE_CLIENT_SECRET is set, but AZURE_TENANT_ID is not'],
  [
    { AZURE_FEDERATED_TOKEN_FILE: '/f', AZURE_TENANT_ID: 't' },
    'AZURE_FEDERATED_TOKEN_FILE is set, but AZURE_CLIENT_ID is not',
  ],
  [{ IDENTITY_ENDPOINT: 'http://127.0.0.1/' }, 'IDENTITY_ENDPOINT is set, but IDENTITY_HEADER is not'],
])('%j: %s', (env, message) => {
  const wire = createWire({ clock: new JumpingClock() });
  const cloud = { authorityHost: 'https://login.example' };
  expect(() => credentialFromEnvironment({ env, cloud, wire })).toThrow(message);
});

test('a metadata service that does not answer is no credential, after a few tries', async () => {
  await using closed = await stubAzure(() => 'lost');
  const wire = wireTo(closed);
  const cloud = { authorityHost: 'https://login.example' };
  const metadata = credentialFromEnvironment({
    env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: closed.origin },
    cloud,
    wire,
  });
  await expect(metadata.token('r')).rejects.toMatchObject({ code: 'NoCredential' });
  expect(closed.seen).toHaveLength(4);
});
