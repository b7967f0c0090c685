import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestType, RegistryLab } from './testing/registry-lab.ts';

let lab: RegistryLab;
beforeAll(async () => {
  lab = await RegistryLab.start();
}, 600_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

describe('data', () => {
  test('is pushed in pieces, told about, read in part and deleted', async () => {
    const made = await lab.registry();
    const owner = lab.cloud.azure.owner;
    const blob = randomBytes(3_000_000);
    const headers = await lab.bearer(made, owner, 'repository:team/app:pull,push,delete,metadata_read');
    const { digest, manifest } = await lab.push(made, headers, 'team/app', '1', blob);
    const base = `https://${made.host}`;
    const part = await lab.cloud.call(`${base}/v2/team/app/blobs/${digest}`, {
      headers: { ...headers, range: 'bytes=1000-1999' },
    });
    expect(part.status).toBe(206);
    expect(part.bytes.equals(blob.subarray(1000, 2000))).toBe(true);
    const catalog = await lab.bearer(made, owner, 'registry:catalog:*');
    for (const path of ['/v2/_catalog', '/acr/v1/_catalog']) {
      expect((await lab.cloud.call(`${base}${path}?n=100`, { headers: catalog })).json).toEqual({
        repositories: ['team/app'],
      });
    }
    expect((await lab.cloud.call(`${base}/acr/v1/team/app/_tags?n=100`, { headers })).json).toMatchObject({
      registry: made.host,
      imageName: 'team/app',
      tags: [{ name: '1', digest: manifest }],
    });
    expect((await lab.cloud.call(`${base}/acr/v1/team/app`, { headers })).json).toMatchObject({
      tagCount: 1,
      manifestCount: 1,
    });
    expect((await lab.cloud.call(`${base}/acr/v1/team%2Fapp/_manifests`, { headers })).json.manifests).toMatchObject([
      { digest: manifest, tags: ['1'], mediaType: manifestType },
    ]);
    expect((await lab.cloud.call(`${base}/acr/v1/team/app/_tags/2`, { headers })).json.errors[0].code).toBe(
      'TAG_UNKNOWN',
    );
    expect((await lab.cloud.call(`${base}/acr/v1/team/app/_tags/1`, { method: 'DELETE', headers })).status).toBe(202);
    expect((await lab.cloud.call(`${base}/acr/v1/team/app/_tags`, { headers })).json.tags).toEqual([]);
    expect(
      (await lab.cloud.call(`${base}/v2/team/app/manifests/${manifest}`, { method: 'DELETE', headers })).status,
    ).toBe(202);
    expect((await lab.cloud.call(`${base}/acr/v1/team/app`, { headers })).json.errors[0].code).toBe('NAME_UNKNOWN');
    expect((await lab.cloud.call(`${base}/v2/_catalog`, { headers: catalog })).json).toEqual({ repositories: [] });
  });

  test('lists come in pages', async () => {
    const made = await lab.registry();
    const headers = await lab.bearer(made, lab.cloud.azure.owner, 'repository:app:pull,push,metadata_read');
    for (const tag of ['a', 'b', 'c']) await lab.push(made, headers, 'app', tag, randomBytes(10));
    const first = await lab.cloud.call(`https://${made.host}/acr/v1/app/_tags?n=2`, { headers });
    expect(first.json.tags).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    const [, next] = /^<(.+)>; rel="next"$/.exec(String(first.headers['link'])) ?? [];
    const second = await lab.cloud.call(`https://${made.host}${next}`, { headers });
    expect(second.json.tags).toMatchObject([{ name: 'c' }]);
    expect(second.headers['link']).toBeUndefined();
    const newest = await lab.cloud.call(`https://${made.host}/acr/v1/app/_tags?n=1&orderby=timedesc`, { headers });
    expect(newest.json.tags).toMatchObject([{ name: 'c' }]);
  });

  test('blobs are mounted from where the caller may pull', async () => {
    const made = await lab.registry();
    const owner = lab.cloud.azure.owner;
    const { digest } = await lab.push(
      made,
      await lab.bearer(made, owner, 'repository:from:pull,push'),
      'from',
      '1',
      randomBytes(1000),
    );
    const mount = `https://${made.host}/v2/to/blobs/uploads/?mount=${digest}&from=from`;
    const narrow = await lab.bearer(made, owner, 'repository:to:pull,push');
    expect((await lab.cloud.call(mount, { method: 'POST', headers: narrow })).status).toBe(202);
    const wide = await lab.bearer(made, owner, 'repository:to:pull,push repository:from:pull');
    expect((await lab.cloud.call(mount, { method: 'POST', headers: wide })).status).toBe(201);
  });

  test('knows what refers to a manifest', async () => {
    const made = await lab.registry({ adminUserEnabled: true });
    const headers = await lab.adminLogin(made);
    const { digest, manifest } = await lab.push(made, headers, 'app', '1', randomBytes(10));
    const base = `https://${made.host}/v2/app`;
    const body = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        artifactType: 'application/vnd.example.signature',
        config: { mediaType: 'application/vnd.oci.empty.v1+json', digest, size: 10 },
        layers: [],
        subject: { mediaType: manifestType, digest: manifest, size: 1 },
      }),
    );
    const put = await lab.cloud.call(`${base}/manifests/signature`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': manifestType },
      body,
    });
    expect(put.headers['oci-subject']).toBe(manifest);
    const referrers = await lab.cloud.call(`${base}/referrers/${manifest}`, { headers });
    expect(referrers.json.manifests).toMatchObject([
      {
        digest: put.headers['docker-content-digest'],
        size: body.length,
        artifactType: 'application/vnd.example.signature',
      },
    ]);
    const others = await lab.cloud.call(`${base}/referrers/${manifest}?artifactType=other`, { headers });
    expect(others.json.manifests).toEqual([]);
    expect(others.headers['oci-filters-applied']).toBe('artifactType');
  });

  test('is refused by the firewall, by throttling and by cut and changed blobs on demand', async () => {
    const made = await lab.registry({ adminUserEnabled: true }, 'Premium');
    const headers = await lab.adminLogin(made);
    const blob = randomBytes(500_000);
    const { digest } = await lab.push(made, headers, 'app', '1', blob);
    const url = `https://${made.host}/v2/app/blobs/${digest}`;
    const plant = async (fault: object) =>
      expect((await lab.cloud.admin('POST', `/registries/${made.name}/faults`, fault)).status).toBe(204);
    await plant({ kind: 'throttle', seconds: 3 });
    const throttled = await lab.cloud.call(url, { headers });
    expect(throttled.status).toBe(429);
    expect(throttled.headers['retry-after']).toBe('3');
    expect(throttled.json.errors[0].code).toBe('TOOMANYREQUESTS');
    await plant({ kind: 'cut-blob', afterBytes: 100_000 });
    await expect(lab.cloud.call(url, { headers })).rejects.toThrow();
    await plant({ kind: 'corrupt-blob', afterBytes: 7 });
    expect((await lab.cloud.call(url, { headers })).bytes.equals(blob)).toBe(false);
    expect((await lab.cloud.call(url, { headers })).bytes.equals(blob)).toBe(true);
    const change = async (properties: object) => await lab.cloud.arm('PATCH', made.id, { properties });
    await change({ networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '10.0.0.0/8' }] } });
    expect((await lab.cloud.call(url, { headers })).status).toBe(403);
    await change({ networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '127.0.0.1' }] } });
    expect((await lab.cloud.call(url, { headers })).status).toBe(200);
    await change({ publicNetworkAccess: 'Disabled' });
    const denied = await lab.cloud.call(url, { headers });
    expect(denied.status).toBe(403);
    expect(denied.json.errors[0].code).toBe('DENIED');
  });
});

test('everything is there again after a restart, at the same address', async () => {
  const made = await lab.registry({ adminUserEnabled: true });
  const headers = await lab.adminLogin(made);
  const blob = randomBytes(200_000);
  const { digest } = await lab.push(made, headers, 'app', '1', blob);
  await lab.restart();
  const shown = await lab.cloud.arm('GET', made.id);
  expect(shown.json.properties.loginServer).toBe(made.host);
  expect((await lab.cloud.call(`https://${made.host}/v2/app/blobs/${digest}`, { headers })).bytes.equals(blob)).toBe(
    true,
  );
});
