import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestType, RegistryLab } from './testing/registry-lab.ts';

const model = 'aks/kaito/kaito-mistral-7b-instruct';
const fromMicrosoft = { registryUri: 'mcr.microsoft.com', sourceImage: `${model}:0.0.2` };

let lab: RegistryLab;
beforeAll(async () => {
  lab = await RegistryLab.start();
}, 600_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

describe('import', () => {
  test('copies an image of the Microsoft registry, once unless forced', async () => {
    const made = await lab.registry({ adminUserEnabled: true });
    const targetTags = ['mistral-7b-instruct:0.0.2'];
    expect((await lab.importImage(made, fromMicrosoft, { targetTags })).status).toBeLessThan(300);
    const again = await lab.importImage(made, fromMicrosoft, { targetTags });
    expect(again.json.error).toMatchObject({ code: 'Conflict', message: expect.stringContaining('already exists') });
    expect((await lab.importImage(made, fromMicrosoft, { targetTags, mode: 'Force' })).status).toBeLessThan(300);
    const headers = { ...(await lab.adminLogin(made)), accept: manifestType };
    const pulled = await lab.cloud.call(`https://${made.host}/v2/mistral-7b-instruct/manifests/0.0.2`, { headers });
    expect(pulled.json.annotations['org.opencontainers.image.description']).toContain('stand-in');
  });

  test('says what it cannot find, reach or read', async () => {
    const made = await lab.registry();
    const failure = async (source: object) =>
      (await lab.importImage(made, source, { targetTags: ['x:1'] })).json.error as { code: string; message: string };
    expect(await failure({ ...fromMicrosoft, sourceImage: `${model}:9` })).toEqual({
      code: 'InvalidParameters',
      message: expect.stringContaining(`Unable to find manifest digest Repo: mcr.microsoft.com/${model} Tag: 9`),
    });
    expect((await failure({ registryUri: 'ghcr.io', sourceImage: 'a:1' })).message).toContain("'ghcr.io'");
    expect(
      (await failure({ registryUri: 'docker.io', sourceImage: 'a:1', credentials: { username: 'u', password: 'p' } }))
        .message,
    ).toContain('UNAUTHORIZED');
    const closed = await lab.registry();
    expect((await failure({ registryUri: `${closed.name}.azurecr.io`, sourceImage: 'a:1' })).message).toContain(
      'UNAUTHORIZED',
    );
    expect((await failure({ registryUri: 'mcr.microsoft.com', sourceImage: 'Bad Name' })).code).toBe(
      'InvalidParameter',
    );
  });

  test('reads another registry with credentials of that registry', async () => {
    const [from, to] = [await lab.registry({ adminUserEnabled: true }), await lab.registry()];
    await lab.push(from, await lab.adminLogin(from), 'app', '1', randomBytes(100));
    const { username, passwords } = (await lab.cloud.arm('POST', `${from.id}/listCredentials`)).json;
    const source = { registryUri: `${from.name}.azurecr.io`, sourceImage: 'app:1' };
    const ask = async (credentials: object) =>
      await lab.importImage(to, { ...source, credentials }, { targetTags: ['app:1'], mode: 'Force' });
    expect((await ask({ username, password: passwords[1].value })).status).toBeLessThan(300);
    expect((await ask({ username, password: 'wrong' })).json.error.code).toBe('InvalidParameters');
    const { refresh_token } = (await lab.exchange(from, lab.cloud.azure.owner)).json;
    expect((await ask({ password: refresh_token })).status).toBeLessThan(300);
  });

  test('from another registry needs the right to pull there', async () => {
    const [from, to] = [await lab.registry({ adminUserEnabled: true }), await lab.registry({ adminUserEnabled: true })];
    const { manifest } = await lab.push(from, await lab.adminLogin(from), 'team/app', '1', randomBytes(100_000));
    const importer = await lab.cloud.account('Contributor', to.id);
    const body = { source: { resourceId: from.id, sourceImage: `team/app@${manifest}` }, targetTags: ['copy:1'] };
    const refused = await lab.cloud.arm('POST', `${to.id}/importImage`, body, importer);
    expect(refused.json.error.code).toBe('AuthorizationFailed');
    await lab.cloud.admin('POST', '/role-assignments', {
      principalId: importer.objectId,
      role: 'AcrPull',
      scope: from.id,
    });
    expect((await lab.cloud.arm('POST', `${to.id}/importImage`, body, importer)).status).toBe(202);
    const headers = { ...(await lab.adminLogin(to)), accept: manifestType };
    await expect
      .poll(async () => (await lab.cloud.call(`https://${to.host}/v2/copy/manifests/1`, { headers })).status, {
        timeout: 30_000,
      })
      .toBe(200);
  });
});

test('an import that was under way is carried out after a restart', async () => {
  const made = await lab.registry({ adminUserEnabled: true });
  await lab.restart({ operationMs: 3_600_000 });
  const begun = await lab.cloud.arm('POST', `${made.id}/importImage`, {
    source: fromMicrosoft,
    targetTags: ['model:1'],
  });
  const { pathname, search } = new URL(begun.headers['location'] as string);
  expect((await lab.cloud.arm('GET', `${pathname}${search}`)).status).toBe(202);
  await lab.restart();
  const ended = async () => (await lab.cloud.arm('GET', `${pathname}${search}`)).status;
  await expect.poll(ended, { timeout: 60_000 }).toBe(200);
  const headers = { ...(await lab.adminLogin(made)), accept: manifestType };
  expect((await lab.cloud.call(`https://${made.host}/v2/model/manifests/1`, { headers })).status).toBe(200);
});
