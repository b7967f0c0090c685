import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from './testing/cloud.ts';
import { RegistryLab } from './testing/registry-lab.ts';

let lab: RegistryLab;
beforeAll(async () => {
  lab = await RegistryLab.start();
}, 600_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

/** What an access token holds for the first thing it names. */
function actions(answer: Answer): unknown {
  const [, claims = ''] = String(answer.json.access_token).split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).access[0].Actions;
}

describe('tokens', () => {
  test('are what a registry asks for, as ACR does', async () => {
    const made = await lab.registry();
    const base = await lab.cloud.call(`https://${made.host}/v2/`);
    expect(base.status).toBe(401);
    expect(base.headers['www-authenticate']).toBe(
      `Bearer realm="https://${made.host}/oauth2/token",service="${made.host}"`,
    );
    const tags = await lab.cloud.call(`https://${made.host}/acr/v1/team%2Fapp/_tags`);
    expect(tags.headers['www-authenticate']).toContain(
      'scope="repository:team/app:metadata_read",error="invalid_token"',
    );
    expect(tags.json.errors[0]).toMatchObject({
      code: 'UNAUTHORIZED',
      detail: [{ Type: 'repository', Name: 'team/app', Action: 'metadata_read' }],
    });
  });

  test('go to who has a right in the registry, for what the right reaches', async () => {
    const made = await lab.registry();
    const stranger = await lab.cloud.account('Contributor', `${lab.group}2`);
    expect((await lab.exchange(made, stranger)).status).toBe(401);
    const puller = await lab.cloud.account('AcrPull', made.id);
    const { refresh_token } = (await lab.exchange(made, puller)).json as { refresh_token: string };
    const ask = async (scope: string) =>
      await lab.askToken(made, { grant_type: 'refresh_token', refresh_token, scope });
    expect((await ask('repository:app:push')).status).toBe(401);
    expect((await ask('repository:app:delete')).status).toBe(401);
    expect((await ask('nonsense')).status).toBe(400);
    const pull = (await ask('repository:app:pull,push')).json as { access_token: string };
    const headers = { authorization: `Bearer ${pull.access_token}` };
    const pushed = await lab.cloud.call(`https://${made.host}/v2/app/blobs/uploads/`, { method: 'POST', headers });
    expect(pushed.status).toBe(401);
    expect(pushed.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect((await lab.cloud.call(`https://${made.host}/v2/other/manifests/1`, { headers })).status).toBe(401);
    expect((await lab.cloud.call(`https://${made.host}/v2/app/manifests/1`, { headers })).status).toBe(404);
    await lab.cloud.admin('DELETE', '/role-assignments', { principalId: puller.objectId });
    expect((await ask('repository:app:pull')).status).toBe(401);
  });

  test('of another registry, of nobody or for another service are refused', async () => {
    const [one, other] = [await lab.registry(), await lab.registry()];
    const puller = await lab.cloud.account('AcrPull', lab.group);
    const { refresh_token } = (await lab.exchange(one, puller)).json as { refresh_token: string };
    const scope = 'repository:app:pull';
    expect((await lab.askToken(other, { grant_type: 'refresh_token', refresh_token, scope })).status).toBe(401);
    expect((await lab.askToken(one, { grant_type: 'refresh_token', refresh_token, scope, service: 'x' })).status).toBe(
      400,
    );
    expect((await lab.askToken(one, { grant_type: 'password', username: one.name, password: 'x', scope })).status).toBe(
      401,
    );
    const forged = await lab.cloud.call(`https://${one.host}/oauth2/exchange`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'access_token', service: one.host, access_token: 'forged' }),
    });
    expect(forged.status).toBe(401);
    expect((await lab.cloud.call(`https://${one.host}/oauth2/token?service=${one.host}&scope=${scope}`)).status).toBe(
      401,
    );
  });

  test('come from the admin user, and from nobody where anyone may pull', async () => {
    const made = await lab.registry({ adminUserEnabled: true, anonymousPullEnabled: true });
    const get = `https://${made.host}/oauth2/token?service=${made.host}&scope=repository:app:pull,push`;
    expect(actions(await lab.cloud.call(get))).toEqual(['pull']);
    expect(actions(await lab.cloud.call(get, { headers: await lab.adminLogin(made) }))).toEqual(['pull', 'push']);
  });
});
