import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, type Made, RegistryLab } from './testing/registry-lab.ts';

let lab: RegistryLab;
beforeAll(async () => {
  lab = await RegistryLab.start();
}, 600_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

async function scopeMap(at: Made, name: string, actions: string[]): Promise<string> {
  const id = `${at.id}/scopeMaps/${name}`;
  expect((await lab.cloud.arm('PUT', id, { properties: { actions } })).status).toBe(201);
  return id;
}

/** A registry's own user, and its passwords. */
async function user(at: Made, name: string, scopeMapId: string, more: object = {}) {
  const id = `${at.id}/tokens/${name}`;
  const made = await lab.cloud.arm('PUT', id, { properties: { scopeMapId, status: 'enabled' } });
  expect(made.json).toMatchObject({ name, properties: { scopeMapId, credentials: { passwords: [] } } });
  const generated = await lab.cloud.arm('POST', `${at.id}/generateCredentials`, { tokenId: id, ...more });
  const { username, passwords } = generated.json as { username: string; passwords: { name: string; value: string }[] };
  return { id, passwords, logins: passwords.map(({ value }) => basic(username, value)) };
}

describe("a registry's own users", () => {
  test('reach what their scope map names, repository by repository', async () => {
    const at = await lab.registry({ adminUserEnabled: true });
    const admin = await lab.adminLogin(at);
    for (const repository of ['team/app', 'team/other', 'secret']) {
      await lab.push(at, admin, repository, '1', randomBytes(100));
    }
    const map = await scopeMap(at, 'teammap', [
      'repositories/team/*/content/read',
      'repositories/team/app/metadata/read',
    ]);
    const [login] = (await user(at, 'puller', map)).logins;
    const status = async (path: string, method = 'GET') =>
      (await lab.cloud.call(`https://${at.host}${path}`, { method, headers: { ...login, accept: '*/*' } })).status;
    expect(await status('/v2/team/app/tags/list')).toBe(200);
    expect(await status('/acr/v1/team/app')).toBe(200);
    expect(await status('/acr/v1/team/other')).toBe(401);
    expect(await status('/v2/team/other/tags/list')).toBe(200);
    expect(await status('/v2/secret/tags/list')).toBe(401);
    expect(await status('/v2/team/app/blobs/uploads/', 'POST')).toBe(401);
    expect(await status('/v2/_catalog')).toBe(401);
    await lab.cloud.arm('PATCH', map, { properties: { actions: ['repositories/secret/content/read'] } });
    expect(await status('/v2/secret/tags/list')).toBe(200);
    expect(await status('/v2/team/app/tags/list')).toBe(401);
  });

  test('get access tokens, as long as they are enabled and their password stands', async () => {
    const at = await lab.registry();
    const made = await user(at, 'pusher', `${at.id}/scopeMaps/_repositories_push`);
    const url = `https://${at.host}/oauth2/token?service=${at.host}&scope=repository:any/thing:pull,push`;
    const status = async (login: Record<string, string> | undefined) =>
      (await lab.cloud.call(url, { headers: login ?? {} })).status;
    const [first, second] = made.logins;
    expect(await status(first)).toBe(200);
    expect(await status(second)).toBe(200);
    await lab.cloud.arm('PATCH', made.id, { properties: { credentials: { passwords: [{ name: 'password1' }] } } });
    expect(await status(first)).toBe(200);
    expect(await status(second)).toBe(401);
    await lab.cloud.arm('PATCH', made.id, { properties: { status: 'disabled' } });
    expect(await status(first)).toBe(401);
    await lab.cloud.arm('PATCH', made.id, { properties: { status: 'enabled' } });
    expect(await status(first)).toBe(200);
    expect((await lab.cloud.arm('DELETE', made.id)).status).toBe(200);
    expect(await status(first)).toBe(401);
    expect((await lab.cloud.arm('GET', made.id)).json.error.code).toBe('ResourceNotFound');
  });

  test('are shown with their passwords named, never told', async () => {
    const at = await lab.registry();
    const expiry = '2100-01-01T00:00:00Z';
    const made = await user(at, 'puller', `${at.id}/scopeMaps/_repositories_pull`, { name: 'password2', expiry });
    const shown = await lab.cloud.arm('GET', made.id);
    expect(shown.json.properties.credentials.passwords).toMatchObject([{ name: 'password2', expiry }]);
    expect(shown.bytes.toString()).not.toContain(made.passwords[0]?.value);
    const maps = (await lab.cloud.arm('GET', `${at.id}/scopeMaps`)).json.value as { name: string }[];
    expect(maps.map(({ name }) => name)).toContain('_repositories_admin');
    expect((await lab.cloud.arm('GET', `${at.id}/tokens`)).json.value).toMatchObject([{ name: 'puller' }]);
  });

  test.each<[string, (at: Made) => [string, string, object], string]>([
    ['a map of the system', ({ id }) => ['PUT', `${id}/scopeMaps/_repositories_pull`, {}], 'SystemScopeMapNotEditable'],
    ['no action', ({ id }) => ['PUT', `${id}/scopeMaps/empty`, { properties: { actions: [] } }], 'InvalidParameter'],
    [
      'an unknown action',
      ({ id }) => ['PUT', `${id}/scopeMaps/wrong`, { properties: { actions: ['repositories/a/fly'] } }],
      'InvalidParameter',
    ],
    [
      'an unknown map',
      ({ id }) => ['PUT', `${id}/tokens/puller`, { properties: { scopeMapId: `${id}/scopeMaps/none` } }],
      'ScopeMapNotFound',
    ],
    ['no map', ({ id }) => ['PUT', `${id}/tokens/puller`, {}], 'InvalidRequestContent'],
    [
      'an unknown user',
      ({ id }) => ['POST', `${id}/generateCredentials`, { tokenId: `${id}/tokens/none` }],
      'InvalidParameter',
    ],
  ])('%s is refused', async (_, request, code) => {
    const at = await lab.registry();
    const [method, path, body] = request(at);
    expect((await lab.cloud.arm(method, path, body)).json.error.code).toBe(code);
  });
});
