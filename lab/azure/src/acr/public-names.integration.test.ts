import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureRegistryProgram } from '../registry/program.ts';
import { type Cloud, startCloud } from './testing/cloud.ts';

let cloud: Cloud;
beforeAll(async () => {
  await ensureRegistryProgram(() => {});
  cloud = await startCloud({ names: 'public', port: 0 });
}, 600_000);
afterAll(async () => await cloud?.[Symbol.asyncDispose]());

test("registries answer by Azure's own host names", async () => {
  const group = `/subscriptions/${cloud.azure.subscriptionId}/resourceGroups/lab`;
  await cloud.arm('PUT', `${group}?api-version=2024-11-01`, { location: 'westus3' });
  const id = `${group}/providers/Microsoft.ContainerRegistry/registries/KaitoLab`;
  const unknown = await cloud.call('https://kaitolab.azurecr.io/v2/');
  expect(unknown.status).toBe(404);
  await cloud.finished('PUT', id, { location: 'westus3', sku: { name: 'Standard' } });
  expect((await cloud.arm('GET', id)).json.properties.loginServer).toBe('kaitolab.azurecr.io');
  const source = { registryUri: 'mcr.microsoft.com', sourceImage: 'aks/kaito/kaito-mistral-7b-instruct:0.0.2' };
  const imported = await cloud.finished('POST', `${id}/importImage`, { source, targetTags: ['mistral:1'] });
  expect(imported.status).toBeLessThan(300);
  const challenge = await cloud.call('https://kaitolab.azurecr.io/v2/');
  expect(challenge.headers['www-authenticate']).toBe(
    'Bearer realm="https://kaitolab.azurecr.io/oauth2/token",service="kaitolab.azurecr.io"',
  );
  const exchanged = await cloud.call('https://kaitolab.azurecr.io/oauth2/exchange', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'access_token',
      service: 'kaitolab.azurecr.io',
      access_token: await cloud.token(cloud.azure.owner, 'https://containerregistry.azure.net'),
    }),
  });
  const { refresh_token } = exchanged.json as { refresh_token: string };
  const form = { grant_type: 'refresh_token', service: 'kaitolab.azurecr.io', refresh_token };
  const token = await cloud.call('https://kaitolab.azurecr.io/oauth2/token', {
    method: 'POST',
    body: new URLSearchParams({ ...form, scope: 'repository:mistral:metadata_read' }),
  });
  const tags = await cloud.call('https://kaitolab.azurecr.io/acr/v1/mistral/_tags', {
    headers: { authorization: `Bearer ${token.json.access_token as string}` },
  });
  expect(tags.json).toMatchObject({ registry: 'kaitolab.azurecr.io', tags: [{ name: '1' }] });
});

test('public registries answer by theirs, Docker Hub with its token service', async () => {
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const model = '/v2/aks/kaito/kaito-mistral-7b-instruct/manifests/0.0.2';
  expect((await cloud.call(`https://mcr.microsoft.com${model}`, { headers: { accept } })).status).toBe(200);
  const challenge = await cloud.call('https://registry-1.docker.io/v2/library/x/manifests/1');
  expect(challenge.headers['www-authenticate']).toContain(
    'realm="https://auth.docker.io/token",service="registry.docker.io"',
  );
  const scope = 'repository:library/x:pull';
  const token = await cloud.call(`https://auth.docker.io/token?service=registry.docker.io&scope=${scope}`);
  const headers = { authorization: `Bearer ${token.json.token as string}` };
  const missing = await cloud.call('https://registry-1.docker.io/v2/library/x/manifests/1', { headers });
  expect(missing.json.errors[0].code).toBe('MANIFEST_UNKNOWN');
});
