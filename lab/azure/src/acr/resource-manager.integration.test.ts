import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryLab } from './testing/registry-lab.ts';

let lab: RegistryLab;
beforeAll(async () => {
  lab = await RegistryLab.start();
}, 600_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

describe('Resource Manager', () => {
  test('makes, shows, lists, changes and deletes a registry', async () => {
    const { id, name, host } = await lab.registry();
    expect(host).toMatch(/^localhost:\d+$/);
    expect((await lab.cloud.arm('GET', id)).json).toMatchObject({
      id,
      name,
      location: 'westus3',
      sku: { name: 'Standard', tier: 'Standard' },
      properties: { provisioningState: 'Succeeded', adminUserEnabled: false },
    });
    for (const scope of [lab.group, lab.subscription]) {
      const listed = await lab.cloud.arm('GET', `${scope}/providers/Microsoft.ContainerRegistry/registries`);
      expect(listed.json.value).toContainEqual(expect.objectContaining({ id }));
    }
    const changed = await lab.cloud.arm('PATCH', id, { properties: { adminUserEnabled: true } });
    expect(changed.json).toMatchObject({ properties: { adminUserEnabled: true, loginServer: host } });
    expect((await lab.cloud.arm('GET', `${id}/listUsages`)).json.value[0]).toMatchObject({
      name: 'Size',
      limit: 107_374_182_400,
      currentValue: 0,
    });
    expect((await lab.cloud.finished('DELETE', id)).status).toBeLessThan(300);
    expect((await lab.cloud.arm('GET', id)).json.error).toMatchObject({ code: 'ResourceNotFound' });
    expect((await lab.cloud.arm('DELETE', id)).status).toBe(204);
    await expect(lab.cloud.call(`https://${host}/v2/`)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('holds names to their form, and to one registry in the world', async () => {
    const { name } = await lab.registry();
    const asked = async (wanted: string) =>
      (
        await lab.cloud.arm('POST', `${lab.subscription}/providers/Microsoft.ContainerRegistry/checkNameAvailability`, {
          name: wanted,
          type: 'Microsoft.ContainerRegistry/registries',
        })
      ).json;
    expect(await asked('free12345')).toEqual({ nameAvailable: true });
    expect(await asked(name.toUpperCase())).toMatchObject({ nameAvailable: false, reason: 'AlreadyExists' });
    expect(await asked('a-b')).toMatchObject({ nameAvailable: false, reason: 'Invalid' });
    const other = await lab.makeGroup('other');
    const body = { location: 'westus3', sku: { name: 'Basic' } };
    const at = (wanted: string) => `${other}/providers/Microsoft.ContainerRegistry/registries/${wanted}`;
    expect((await lab.cloud.arm('PUT', at(name.toLowerCase()), body)).json.error.code).toBe('AlreadyInUse');
    expect((await lab.cloud.arm('PUT', at('abcd'), body)).json.error.code).toBe('RegistryNameNotValid');
  });

  test('gives and renews the passwords of the admin user while there is one', async () => {
    const made = await lab.registry();
    const refused = await lab.cloud.arm('POST', `${made.id}/listCredentials`);
    expect(refused.json.error.code).toBe('UnAuthorizedForCredentialOperations');
    await lab.cloud.arm('PATCH', made.id, { properties: { adminUserEnabled: true } });
    const old = await lab.adminLogin(made);
    const base = `https://${made.host}/v2/`;
    expect((await lab.cloud.call(base, { headers: old })).status).toBe(200);
    const renewed = await lab.cloud.arm('POST', `${made.id}/regenerateCredential`, { name: 'password' });
    expect(renewed.json.passwords).toHaveLength(2);
    expect((await lab.cloud.call(base, { headers: old })).status).toBe(401);
    expect((await lab.cloud.call(base, { headers: await lab.adminLogin(made) })).status).toBe(200);
    await lab.cloud.arm('PATCH', made.id, { properties: { adminUserEnabled: false } });
    expect((await lab.cloud.call(base, { headers: old })).status).toBe(401);
  });
});

test('a registry that went with its group leaves nothing to the next of its name', async () => {
  const make = async () =>
    await lab.registryNamed('secondlife', await lab.makeGroup('shortlived'), { adminUserEnabled: true }, 'Basic');
  const first = await make();
  const login = await lab.adminLogin(first);
  await lab.push(first, login, 'app', '1', randomBytes(1000));
  const group = `${lab.subscription}/resourceGroups/shortlived?api-version=2024-11-01`;
  await lab.cloud.finished('DELETE', group);
  expect((await lab.cloud.arm('GET', group)).status).toBe(404);
  const second = await make();
  const url = `https://${second.host}/v2/_catalog`;
  expect((await lab.cloud.call(url, { headers: login })).status).toBe(401);
  expect((await lab.cloud.call(url, { headers: await lab.adminLogin(second) })).json).toEqual({ repositories: [] });
});
