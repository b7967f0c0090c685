import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestType, RegistryLab } from './testing/registry-lab.ts';

const model = 'aks/kaito/kaito-mistral-7b-instruct';

let lab: RegistryLab;
beforeAll(async () => {
  lab = await RegistryLab.start();
}, 600_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

/** Where a host name of the cloud answers here. */
async function addressOf(host: string): Promise<string> {
  const listed = (await lab.cloud.admin('GET', '/registries')).json as { host: string; loginServer: string }[];
  return listed.find((each) => each.host === host)?.loginServer ?? '';
}

describe('public registries', () => {
  test('the Microsoft registry is read without a token, and written by nobody', async () => {
    const host = await addressOf('mcr.microsoft.com');
    const read = await lab.cloud.call(`https://${host}/v2/${model}/manifests/0.0.2`, {
      headers: { accept: manifestType },
    });
    expect(read.status).toBe(200);
    expect((await lab.cloud.call(`https://${host}/v2/x/blobs/uploads/`, { method: 'POST' })).status).toBe(405);
  });

  test('Docker Hub gives anyone a token to pull', async () => {
    const host = await addressOf('docker.io');
    const seeded = await lab.cloud.admin('POST', '/registries/docker.io/images', {
      repository: 'library/hello',
      tag: 'latest',
      layerBytes: 1000,
    });
    const url = `https://${host}/v2/library/hello/manifests/latest`;
    const refused = await lab.cloud.call(url);
    const [, realm, service, scope] =
      /^Bearer realm="(.+)",service="(.+)",scope="(.+)",error/.exec(String(refused.headers['www-authenticate'])) ?? [];
    const { token } = (await lab.cloud.call(`${realm}?service=${service}&scope=${scope}`)).json as { token: string };
    const read = await lab.cloud.call(url, { headers: { authorization: `Bearer ${token}`, accept: manifestType } });
    expect(read.headers['docker-content-digest']).toBe(seeded.json.digest);
  });
});
