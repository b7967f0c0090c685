import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureRegistryProgram } from '../registry/program.ts';
import { type Account, type Answer, type Cloud, startCloud } from './testing/cloud.ts';

const model = 'aks/kaito/kaito-mistral-7b-instruct';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

let directory: string;
let cloud: Cloud;
let group: string;
beforeAll(async () => {
  await ensureRegistryProgram(() => {});
  directory = mkdtempSync(join(tmpdir(), 'acr-'));
  cloud = await startCloud({ directory });
  group = `/subscriptions/${cloud.azure.subscriptionId}/resourceGroups/lab`;
  await cloud.arm('PUT', `${group}?api-version=2024-11-01`, { location: 'westus3' });
}, 600_000);
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const idOf = (name: string): string => `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`;
let count = 0;

interface Made {
  readonly id: string;
  readonly name: string;
  readonly host: string;
}

/** A registry of its own. */
async function registry(properties: object = {}, sku = 'Standard'): Promise<Made> {
  const name = `KaitoLab${(count += 1)}`;
  const ended = await cloud.finished('PUT', idOf(name), { location: 'westus3', sku: { name: sku }, properties });
  expect(ended.json).toMatchObject({ status: 'Succeeded' });
  const shown = await cloud.arm('GET', idOf(name));
  return { id: idOf(name), name, host: shown.json.properties.loginServer as string };
}

async function importImage(to: Made, source: object, more: object): Promise<Answer> {
  return await cloud.finished('POST', `${to.id}/importImage`, { source, mode: 'NoForce', ...more });
}

const fromMicrosoft = { registryUri: 'mcr.microsoft.com', sourceImage: `${model}:0.0.2` };

async function exchanged(at: Made, account: Account): Promise<Answer> {
  return await cloud.call(`https://${at.host}/oauth2/exchange`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'access_token',
      service: at.host,
      tenant: cloud.azure.tenantId,
      access_token: await cloud.token(account),
    }),
  });
}

async function tokenFor(at: Made, form: Record<string, string>): Promise<Answer> {
  return await cloud.call(`https://${at.host}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ service: at.host, ...form }),
  });
}

/** What an access token holds for the first thing it names. */
function actions(answer: Answer): unknown {
  const [, claims = ''] = String(answer.json.access_token).split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).access[0].Actions;
}

/** Where a host name of the cloud answers here. */
async function addressOf(host: string): Promise<string> {
  const listed = (await cloud.admin('GET', '/registries')).json as { host: string; loginServer: string }[];
  return listed.find((each) => each.host === host)?.loginServer ?? '';
}

/** The Authorization of an account, for a scope. */
async function bearer(at: Made, account: Account, scope: string): Promise<Record<string, string>> {
  const { refresh_token } = (await exchanged(at, account)).json as { refresh_token: string };
  const answer = await tokenFor(at, { grant_type: 'refresh_token', refresh_token, scope });
  expect(answer.status).toBe(200);
  return { authorization: `Bearer ${answer.json.access_token as string}` };
}

async function adminLogin(at: Made): Promise<Record<string, string>> {
  const { username, passwords } = (await cloud.arm('POST', `${at.id}/listCredentials`)).json as {
    username: string;
    passwords: { value: string }[];
  };
  const pair = Buffer.from(`${username}:${passwords[0]?.value}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

/** Pushes an artifact with one blob in two pieces. */
async function push(at: Made, headers: Record<string, string>, repository: string, tag: string, blob: Buffer) {
  const base = `https://${at.host}`;
  const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
  const begun = await cloud.call(`${base}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers });
  expect(begun.status).toBe(202);
  const half = blob.length >> 1;
  let location = new URL(begun.headers['location'] as string, base).href;
  for (const piece of [blob.subarray(0, half), blob.subarray(half)]) {
    const sent = await cloud.call(location, { method: 'PATCH', headers, body: piece });
    expect(sent.status).toBe(202);
    location = new URL(sent.headers['location'] as string, base).href;
  }
  const done = await cloud.call(`${location}&digest=${digest}`, { method: 'PUT', headers });
  expect(done.status).toBe(201);
  const descriptor = { mediaType: 'application/octet-stream', digest, size: blob.length };
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: descriptor, layers: [descriptor] }),
  );
  const put = await cloud.call(`${base}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': manifestType },
    body: manifest,
  });
  expect(put.status).toBe(201);
  return { digest, manifest: put.headers['docker-content-digest'] as string };
}

describe('Resource Manager', () => {
  test('makes, shows, lists, changes and deletes a registry', async () => {
    const { id, name, host } = await registry();
    expect(host).toMatch(/^localhost:\d+$/);
    expect((await cloud.arm('GET', id)).json).toMatchObject({
      id,
      name,
      location: 'westus3',
      sku: { name: 'Standard', tier: 'Standard' },
      properties: { provisioningState: 'Succeeded', adminUserEnabled: false },
    });
    for (const scope of [group, group.split('/resourceGroups')[0]]) {
      const listed = await cloud.arm('GET', `${scope}/providers/Microsoft.ContainerRegistry/registries`);
      expect(listed.json.value).toContainEqual(expect.objectContaining({ id }));
    }
    const changed = await cloud.arm('PATCH', id, { properties: { adminUserEnabled: true } });
    expect(changed.json).toMatchObject({ properties: { adminUserEnabled: true, loginServer: host } });
    expect((await cloud.arm('GET', `${id}/listUsages`)).json.value[0]).toMatchObject({
      name: 'Size',
      limit: 107_374_182_400,
      currentValue: 0,
    });
    expect((await cloud.finished('DELETE', id)).status).toBeLessThan(300);
    expect((await cloud.arm('GET', id)).json.error).toMatchObject({ code: 'ResourceNotFound' });
    expect((await cloud.arm('DELETE', id)).status).toBe(204);
    await expect(cloud.call(`https://${host}/v2/`)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('holds names to their form, and to one registry in the world', async () => {
    const { name } = await registry();
    const asked = async (wanted: string) =>
      (
        await cloud.arm(
          'POST',
          `${group.split('/resourceGroups')[0]}/providers/Microsoft.ContainerRegistry/checkNameAvailability`,
          { name: wanted, type: 'Microsoft.ContainerRegistry/registries' },
        )
      ).json;
    expect(await asked('free12345')).toEqual({ nameAvailable: true });
    expect(await asked(name.toUpperCase())).toMatchObject({ nameAvailable: false, reason: 'AlreadyExists' });
    expect(await asked('a-b')).toMatchObject({ nameAvailable: false, reason: 'Invalid' });
    const other = `${group}2`;
    await cloud.arm('PUT', `${other}?api-version=2024-11-01`, { location: 'westus3' });
    const body = { location: 'westus3', sku: { name: 'Basic' } };
    const at = (wanted: string) => `${other}/providers/Microsoft.ContainerRegistry/registries/${wanted}`;
    expect((await cloud.arm('PUT', at(name.toLowerCase()), body)).json.error.code).toBe('AlreadyInUse');
    expect((await cloud.arm('PUT', at('abcd'), body)).json.error.code).toBe('RegistryNameNotValid');
  });

  test('gives and renews the passwords of the admin user while there is one', async () => {
    const made = await registry();
    const refused = await cloud.arm('POST', `${made.id}/listCredentials`);
    expect(refused.json.error.code).toBe('UnAuthorizedForCredentialOperations');
    await cloud.arm('PATCH', made.id, { properties: { adminUserEnabled: true } });
    const old = await adminLogin(made);
    const base = `https://${made.host}/v2/`;
    expect((await cloud.call(base, { headers: old })).status).toBe(200);
    const renewed = await cloud.arm('POST', `${made.id}/regenerateCredential`, { name: 'password' });
    expect(renewed.json.passwords).toHaveLength(2);
    expect((await cloud.call(base, { headers: old })).status).toBe(401);
    expect((await cloud.call(base, { headers: await adminLogin(made) })).status).toBe(200);
    await cloud.arm('PATCH', made.id, { properties: { adminUserEnabled: false } });
    expect((await cloud.call(base, { headers: old })).status).toBe(401);
  });
});

describe('import', () => {
  test('copies an image of the Microsoft registry, once unless forced', async () => {
    const made = await registry({ adminUserEnabled: true });
    const targetTags = ['mistral-7b-instruct:0.0.2'];
    expect((await importImage(made, fromMicrosoft, { targetTags })).status).toBeLessThan(300);
    const again = await importImage(made, fromMicrosoft, { targetTags });
    expect(again.json.error).toMatchObject({ code: 'Conflict', message: expect.stringContaining('already exists') });
    expect((await importImage(made, fromMicrosoft, { targetTags, mode: 'Force' })).status).toBeLessThan(300);
    const headers = { ...(await adminLogin(made)), accept: manifestType };
    const pulled = await cloud.call(`https://${made.host}/v2/mistral-7b-instruct/manifests/0.0.2`, { headers });
    expect(pulled.json.annotations['org.opencontainers.image.description']).toContain('stand-in');
  });

  test('says what it cannot find, reach or read', async () => {
    const made = await registry();
    const failure = async (source: object) =>
      (await importImage(made, source, { targetTags: ['x:1'] })).json.error as { code: string; message: string };
    expect(await failure({ ...fromMicrosoft, sourceImage: `${model}:9` })).toEqual({
      code: 'InvalidParameters',
      message: expect.stringContaining(`Unable to find manifest digest Repo: mcr.microsoft.com/${model} Tag: 9`),
    });
    expect((await failure({ registryUri: 'ghcr.io', sourceImage: 'a:1' })).message).toContain("'ghcr.io'");
    expect(
      (await failure({ registryUri: 'docker.io', sourceImage: 'a:1', credentials: { username: 'u', password: 'p' } }))
        .message,
    ).toContain('UNAUTHORIZED');
    const closed = await registry();
    expect((await failure({ registryUri: `${closed.name}.azurecr.io`, sourceImage: 'a:1' })).message).toContain(
      'UNAUTHORIZED',
    );
    expect((await failure({ registryUri: 'mcr.microsoft.com', sourceImage: 'Bad Name' })).code).toBe(
      'InvalidParameter',
    );
  });

  test('from another registry needs the right to pull there', async () => {
    const [from, to] = [await registry({ adminUserEnabled: true }), await registry({ adminUserEnabled: true })];
    const { manifest } = await push(from, await adminLogin(from), 'team/app', '1', randomBytes(100_000));
    const importer = await cloud.account('Contributor', to.id);
    const body = { source: { resourceId: from.id, sourceImage: `team/app@${manifest}` }, targetTags: ['copy:1'] };
    const refused = await cloud.arm('POST', `${to.id}/importImage`, body, importer);
    expect(refused.json.error.code).toBe('AuthorizationFailed');
    await cloud.admin('POST', '/role-assignments', { principalId: importer.objectId, role: 'AcrPull', scope: from.id });
    expect((await cloud.arm('POST', `${to.id}/importImage`, body, importer)).status).toBe(202);
    const headers = { ...(await adminLogin(to)), accept: manifestType };
    await expect
      .poll(async () => (await cloud.call(`https://${to.host}/v2/copy/manifests/1`, { headers })).status, {
        timeout: 30_000,
      })
      .toBe(200);
  });
});

describe('tokens', () => {
  test('are what a registry asks for, as ACR does', async () => {
    const made = await registry();
    const base = await cloud.call(`https://${made.host}/v2/`);
    expect(base.status).toBe(401);
    expect(base.headers['www-authenticate']).toBe(
      `Bearer realm="https://${made.host}/oauth2/token",service="${made.host}"`,
    );
    const tags = await cloud.call(`https://${made.host}/acr/v1/team%2Fapp/_tags`);
    expect(tags.headers['www-authenticate']).toContain(
      'scope="repository:team/app:metadata_read",error="invalid_token"',
    );
    expect(tags.json.errors[0]).toMatchObject({
      code: 'UNAUTHORIZED',
      detail: [{ Type: 'repository', Name: 'team/app', Action: 'metadata_read' }],
    });
  });

  test('go to who has a right in the registry, for what the right reaches', async () => {
    const made = await registry();
    const stranger = await cloud.account('Contributor', `${group}2`);
    expect((await exchanged(made, stranger)).status).toBe(401);
    const puller = await cloud.account('AcrPull', made.id);
    const { refresh_token } = (await exchanged(made, puller)).json as { refresh_token: string };
    const ask = async (scope: string) => await tokenFor(made, { grant_type: 'refresh_token', refresh_token, scope });
    expect((await ask('repository:app:push')).status).toBe(401);
    expect((await ask('repository:app:delete')).status).toBe(401);
    expect((await ask('nonsense')).status).toBe(400);
    const pull = (await ask('repository:app:pull,push')).json as { access_token: string };
    const headers = { authorization: `Bearer ${pull.access_token}` };
    const pushed = await cloud.call(`https://${made.host}/v2/app/blobs/uploads/`, { method: 'POST', headers });
    expect(pushed.status).toBe(401);
    expect(pushed.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect((await cloud.call(`https://${made.host}/v2/other/manifests/1`, { headers })).status).toBe(401);
    expect((await cloud.call(`https://${made.host}/v2/app/manifests/1`, { headers })).status).toBe(404);
    await cloud.admin('DELETE', '/role-assignments', { principalId: puller.objectId });
    expect((await ask('repository:app:pull')).status).toBe(401);
  });

  test('of another registry, of nobody or for another service are refused', async () => {
    const [one, other] = [await registry(), await registry()];
    const puller = await cloud.account('AcrPull', group);
    const { refresh_token } = (await exchanged(one, puller)).json as { refresh_token: string };
    const scope = 'repository:app:pull';
    expect((await tokenFor(other, { grant_type: 'refresh_token', refresh_token, scope })).status).toBe(401);
    expect((await tokenFor(one, { grant_type: 'refresh_token', refresh_token, scope, service: 'x' })).status).toBe(400);
    expect((await tokenFor(one, { grant_type: 'password', username: one.name, password: 'x', scope })).status).toBe(
      401,
    );
    const forged = await cloud.call(`https://${one.host}/oauth2/exchange`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'access_token', service: one.host, access_token: 'forged' }),
    });
    expect(forged.status).toBe(401);
    expect((await cloud.call(`https://${one.host}/oauth2/token?service=${one.host}&scope=${scope}`)).status).toBe(401);
  });

  test('come from the admin user, and from nobody where anyone may pull', async () => {
    const made = await registry({ adminUserEnabled: true, anonymousPullEnabled: true });
    const get = `https://${made.host}/oauth2/token?service=${made.host}&scope=repository:app:pull,push`;
    expect(actions(await cloud.call(get))).toEqual(['pull']);
    expect(actions(await cloud.call(get, { headers: await adminLogin(made) }))).toEqual(['pull', 'push']);
  });
});

describe('data', () => {
  test('is pushed in pieces, told about, read in part and deleted', async () => {
    const made = await registry();
    const owner = cloud.azure.owner;
    const blob = randomBytes(3_000_000);
    const headers = await bearer(made, owner, 'repository:team/app:pull,push,delete,metadata_read');
    const { digest, manifest } = await push(made, headers, 'team/app', '1', blob);
    const base = `https://${made.host}`;
    const part = await cloud.call(`${base}/v2/team/app/blobs/${digest}`, {
      headers: { ...headers, range: 'bytes=1000-1999' },
    });
    expect(part.status).toBe(206);
    expect(part.bytes.equals(blob.subarray(1000, 2000))).toBe(true);
    const catalog = await bearer(made, owner, 'registry:catalog:*');
    for (const path of ['/v2/_catalog', '/acr/v1/_catalog']) {
      expect((await cloud.call(`${base}${path}?n=100`, { headers: catalog })).json).toEqual({
        repositories: ['team/app'],
      });
    }
    expect((await cloud.call(`${base}/acr/v1/team/app/_tags?n=100`, { headers })).json).toMatchObject({
      registry: made.host,
      imageName: 'team/app',
      tags: [{ name: '1', digest: manifest }],
    });
    expect((await cloud.call(`${base}/acr/v1/team/app`, { headers })).json).toMatchObject({
      tagCount: 1,
      manifestCount: 1,
    });
    expect((await cloud.call(`${base}/acr/v1/team%2Fapp/_manifests`, { headers })).json.manifests).toMatchObject([
      { digest: manifest, tags: ['1'], mediaType: manifestType },
    ]);
    expect((await cloud.call(`${base}/acr/v1/team/app/_tags/2`, { headers })).json.errors[0].code).toBe('TAG_UNKNOWN');
    expect((await cloud.call(`${base}/acr/v1/team/app/_tags/1`, { method: 'DELETE', headers })).status).toBe(202);
    expect((await cloud.call(`${base}/acr/v1/team/app/_tags`, { headers })).json.tags).toEqual([]);
    expect((await cloud.call(`${base}/v2/team/app/manifests/${manifest}`, { method: 'DELETE', headers })).status).toBe(
      202,
    );
    expect((await cloud.call(`${base}/acr/v1/team/app`, { headers })).json.errors[0].code).toBe('NAME_UNKNOWN');
    expect((await cloud.call(`${base}/v2/_catalog`, { headers: catalog })).json).toEqual({ repositories: [] });
  });

  test('lists come in pages', async () => {
    const made = await registry();
    const headers = await bearer(made, cloud.azure.owner, 'repository:app:pull,push,metadata_read');
    for (const tag of ['a', 'b', 'c']) await push(made, headers, 'app', tag, randomBytes(10));
    const first = await cloud.call(`https://${made.host}/acr/v1/app/_tags?n=2`, { headers });
    expect(first.json.tags).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    const [, next] = /^<(.+)>; rel="next"$/.exec(String(first.headers['link'])) ?? [];
    const second = await cloud.call(`https://${made.host}${next}`, { headers });
    expect(second.json.tags).toMatchObject([{ name: 'c' }]);
    expect(second.headers['link']).toBeUndefined();
    const newest = await cloud.call(`https://${made.host}/acr/v1/app/_tags?n=1&orderby=timedesc`, { headers });
    expect(newest.json.tags).toMatchObject([{ name: 'c' }]);
  });

  test('blobs are mounted from where the caller may pull', async () => {
    const made = await registry();
    const owner = cloud.azure.owner;
    const { digest } = await push(
      made,
      await bearer(made, owner, 'repository:from:pull,push'),
      'from',
      '1',
      randomBytes(1000),
    );
    const mount = `https://${made.host}/v2/to/blobs/uploads/?mount=${digest}&from=from`;
    const narrow = await bearer(made, owner, 'repository:to:pull,push');
    expect((await cloud.call(mount, { method: 'POST', headers: narrow })).status).toBe(202);
    const wide = await bearer(made, owner, 'repository:to:pull,push repository:from:pull');
    expect((await cloud.call(mount, { method: 'POST', headers: wide })).status).toBe(201);
  });

  test('is refused by the firewall, by throttling and by cut and changed blobs on demand', async () => {
    const made = await registry({ adminUserEnabled: true }, 'Premium');
    const headers = await adminLogin(made);
    const blob = randomBytes(500_000);
    const { digest } = await push(made, headers, 'app', '1', blob);
    const url = `https://${made.host}/v2/app/blobs/${digest}`;
    const plant = async (fault: object) =>
      expect((await cloud.admin('POST', `/registries/${made.name}/faults`, fault)).status).toBe(204);
    await plant({ kind: 'throttle', seconds: 3 });
    const throttled = await cloud.call(url, { headers });
    expect(throttled.status).toBe(429);
    expect(throttled.headers['retry-after']).toBe('3');
    expect(throttled.json.errors[0].code).toBe('TOOMANYREQUESTS');
    await plant({ kind: 'cut-blob', afterBytes: 100_000 });
    await expect(cloud.call(url, { headers })).rejects.toThrow();
    await plant({ kind: 'corrupt-blob', afterBytes: 7 });
    expect((await cloud.call(url, { headers })).bytes.equals(blob)).toBe(false);
    expect((await cloud.call(url, { headers })).bytes.equals(blob)).toBe(true);
    await cloud.arm('PATCH', made.id, { properties: { publicNetworkAccess: 'Disabled' } });
    const denied = await cloud.call(url, { headers });
    expect(denied.status).toBe(403);
    expect(denied.json.errors[0].code).toBe('DENIED');
  });
});

describe('public registries', () => {
  test('the Microsoft registry is read without a token, and written by nobody', async () => {
    const host = await addressOf('mcr.microsoft.com');
    const read = await cloud.call(`https://${host}/v2/${model}/manifests/0.0.2`, { headers: { accept: manifestType } });
    expect(read.status).toBe(200);
    expect((await cloud.call(`https://${host}/v2/x/blobs/uploads/`, { method: 'POST' })).status).toBe(405);
  });

  test('Docker Hub gives anyone a token to pull', async () => {
    const host = await addressOf('docker.io');
    const seeded = await cloud.admin('POST', '/registries/docker.io/images', {
      repository: 'library/hello',
      tag: 'latest',
      layerBytes: 1000,
    });
    const url = `https://${host}/v2/library/hello/manifests/latest`;
    const refused = await cloud.call(url);
    const [, realm, service, scope] =
      /^Bearer realm="(.+)",service="(.+)",scope="(.+)",error/.exec(String(refused.headers['www-authenticate'])) ?? [];
    const { token } = (await cloud.call(`${realm}?service=${service}&scope=${scope}`)).json as { token: string };
    const read = await cloud.call(url, { headers: { authorization: `Bearer ${token}`, accept: manifestType } });
    expect(read.headers['docker-content-digest']).toBe(seeded.json.digest);
  });
});

test('everything is there again after a restart, at the same address', async () => {
  const made = await registry({ adminUserEnabled: true });
  const headers = await adminLogin(made);
  const blob = randomBytes(200_000);
  const { digest } = await push(made, headers, 'app', '1', blob);
  await cloud[Symbol.asyncDispose]();
  cloud = await startCloud({ directory });
  const shown = await cloud.arm('GET', made.id);
  expect(shown.json.properties.loginServer).toBe(made.host);
  expect((await cloud.call(`https://${made.host}/v2/app/blobs/${digest}`, { headers })).bytes.equals(blob)).toBe(true);
});

test('an import that was under way is carried out after a restart', async () => {
  const made = await registry({ adminUserEnabled: true });
  await cloud[Symbol.asyncDispose]();
  cloud = await startCloud({ directory, operationMs: 3_600_000 });
  const begun = await cloud.arm('POST', `${made.id}/importImage`, { source: fromMicrosoft, targetTags: ['model:1'] });
  const { pathname, search } = new URL(begun.headers['location'] as string);
  expect((await cloud.arm('GET', `${pathname}${search}`)).status).toBe(202);
  await cloud[Symbol.asyncDispose]();
  cloud = await startCloud({ directory });
  const ended = async () => (await cloud.arm('GET', `${pathname}${search}`)).status;
  await expect.poll(ended, { timeout: 60_000 }).toBe(200);
  const headers = { ...(await adminLogin(made)), accept: manifestType };
  expect((await cloud.call(`https://${made.host}/v2/model/manifests/1`, { headers })).status).toBe(200);
});

test('a registry that went with its group leaves nothing to the next of its name', async () => {
  const other = `${group}3`;
  const id = `${other}/providers/Microsoft.ContainerRegistry/registries/secondlife`;
  const make = async () => {
    await cloud.arm('PUT', `${other}?api-version=2024-11-01`, { location: 'westus3' });
    const body = { location: 'westus3', sku: { name: 'Basic' }, properties: { adminUserEnabled: true } };
    await cloud.finished('PUT', id, body);
    return { id, name: 'secondlife', host: (await cloud.arm('GET', id)).json.properties.loginServer as string };
  };
  const first = await make();
  const login = await adminLogin(first);
  await push(first, login, 'app', '1', randomBytes(1000));
  await cloud.finished('DELETE', `${other}?api-version=2024-11-01`);
  expect((await cloud.arm('GET', `${other}?api-version=2024-11-01`)).status).toBe(404);
  const second = await make();
  const url = `https://${second.host}/v2/_catalog`;
  expect((await cloud.call(url, { headers: login })).status).toBe(401);
  expect((await cloud.call(url, { headers: await adminLogin(second) })).json).toEqual({ repositories: [] });
});
