import { expect, test } from 'vitest';
import { mayPull, pullRole } from '../registries/registries.ts';
import { azureAgainst } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';
import { deterministicGuid } from './deterministic-guid.ts';

const scope = '/subscriptions/sub/resourceGroups/rg';
const base = `${scope}/providers/Microsoft.Authorization`;
const guid = /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const roleId = (name: string) => `/subscriptions/sub/providers/Microsoft.Authorization/roleDefinitions/${name}`;

function role(name: string, roleName: string, actions: readonly string[]): object {
  return { id: roleId(name), properties: { roleName, type: 'BuiltInRole', permissions: [{ actions }] } };
}

function assignment(principalId: string, name: string, more: object = {}): object {
  const id = `${base}/roleAssignments/${principalId}-${name}`;
  return { id, properties: { principalId, roleDefinitionId: roleId(name), scope, ...more } };
}

test('a role is found by its name without regard to case', async () => {
  await using stub = await stubAzure(() => ({ body: { value: [role('1', 'AcrPull', [])] } }));
  const { authorization } = azureAgainst(stub);
  expect((await authorization.findRole(scope, "acr'pull"))?.id).toBeUndefined();
  expect((await authorization.findRole(scope, 'acrpull'))?.id).toBe(roleId('1'));
  const url = new URL(stub.seen[0]!.url, stub.origin);
  expect(url.pathname).toBe(`${base}/roleDefinitions`);
  expect(url.searchParams.get('$filter')).toBe("roleName eq 'acr''pull'");
});

test('a role is given once, however often it is done', async () => {
  await using stub = await stubAzure((_, index) =>
    index === 0
      ? { status: 201, body: assignment('p', '1') }
      : refusal(409, 'RoleAssignmentExists', 'The role assignment already exists.'),
  );
  const { authorization } = azureAgainst(stub);
  const wanted = { scope, principalId: 'p', roleDefinitionId: roleId('1') };
  expect(await authorization.assign(wanted)).toBe('created');
  expect(await authorization.assign(wanted)).toBe('exists');
  const [first, second] = stub.seen;
  expect(first!.url).toBe(second!.url);
  expect(first!.url.split(/[/?]/).find((part) => guid.test(part))).toBeDefined();
  expect(JSON.parse(first!.body)).toEqual({
    properties: { roleDefinitionId: roleId('1'), principalId: 'p', principalType: 'ServicePrincipal' },
  });
});

test('a principal that the directory does not know yet is a matter of a minute', async () => {
  await using stub = await stubAzure(() => refusal(400, 'PrincipalNotFound', 'Principal does not exist'));
  const given = azureAgainst(stub).authorization.assign({ scope, principalId: 'p', roleDefinitionId: roleId('1') });
  await expect(given).rejects.toMatchObject({ code: 'NotFound', retry: 'soon' });
});

test('what is gone need not be deleted', async () => {
  await using stub = await stubAzure((_, index) =>
    index === 0 ? { status: 204 } : refusal(404, 'RoleDefinitionDoesNotExist', 'no'),
  );
  const { authorization } = azureAgainst(stub);
  await authorization.unassign(`${base}/roleAssignments/1`);
  await authorization.deleteRole(`${base}/roleDefinitions/1`);
  expect(stub.seen.map(({ method }) => method)).toEqual(['DELETE', 'DELETE']);
});

test('a custom role holds the actions that it is made with, and keeps its id', async () => {
  await using stub = await stubAzure(({ body }) => ({
    status: 201,
    body: { id: roleId('x'), ...(JSON.parse(body) as object) },
  }));
  const { authorization } = azureAgainst(stub);
  const wanted = { scope, roleName: 'KAITO', description: 'd', actions: ['a/read'] };
  const made = await authorization.putRole(wanted);
  await authorization.putRole(wanted);
  expect(made).toMatchObject({ roleName: 'KAITO', custom: true, assignableScopes: [scope] });
  expect(made.permissions).toEqual([{ actions: ['a/read'], notActions: [], dataActions: [], notDataActions: [] }]);
  expect(stub.seen[0]!.url).toBe(stub.seen[1]!.url);
});

test('the rights of a principal are those of its own roles at the scope and above, without conditional ones', async () => {
  await using stub = await stubAzure(({ url }) => {
    if (url.includes('/roleAssignments'))
      return {
        body: {
          value: [
            assignment('P', '1'),
            assignment('other', '2'),
            assignment('p', '3', { condition: '@Resource…' }),
            assignment('p', '1', { scope: '/subscriptions/sub' }),
          ],
        },
      };
    return { body: role('1', 'Reader', ['*/read']) };
  });
  const rights = await azureAgainst(stub).authorization.rightsOf('p', scope);
  expect(rights.roles).toEqual(['Reader']);
  expect(rights.missing(['a/read', 'a/write'])).toEqual(['a/write']);
  expect(new URL(stub.seen[0]!.url, stub.origin).searchParams.get('$filter')).toBe('atScope()');
  expect(stub.seen).toHaveLength(2);
});

test("the caller's own rights are asked for as such", async () => {
  await using stub = await stubAzure(() => ({ body: { value: [{ actions: ['*'], notActions: ['*/delete'] }] } }));
  const rights = await azureAgainst(stub).authorization.ownRights(`${scope}/`);
  expect(rights.allows('a/write')).toBe(true);
  expect(rights.allows('a/delete')).toBe(false);
  expect(stub.seen[0]!.url).toBe(`${base}/permissions?api-version=2022-04-01`);
});

test.each(['subscriptions/sub', '/subscriptions/../x', '/a//b'])('%s is no scope', async (text) => {
  await using stub = await stubAzure(() => ({ body: { value: [] } }));
  await expect(azureAgainst(stub).authorization.ownRights(text)).rejects.toMatchObject({ code: 'InvalidRequest' });
  expect(stub.seen).toHaveLength(0);
});

test('pulling needs another right where rights are given by repository', async () => {
  const byRegistry = { rightsByRepository: false };
  const byRepository = { rightsByRepository: true };
  await using stub = await stubAzure(() => ({
    body: { value: [{ actions: ['Microsoft.ContainerRegistry/registries/pull/read'] }] },
  }));
  const rights = await azureAgainst(stub).authorization.ownRights(scope);
  expect(mayPull(byRegistry, rights)).toBe(true);
  expect(mayPull(byRepository, rights)).toBe(false);
  expect([pullRole(byRegistry), pullRole(byRepository)]).toEqual(['AcrPull', 'Container Registry Repository Reader']);
});

test('the same texts make the same GUID, and parts are not mixed up', () => {
  expect(deterministicGuid('A', 'b')).toBe(deterministicGuid('a', 'B'));
  expect(deterministicGuid('ab', 'c')).not.toBe(deterministicGuid('a', 'bc'));
  expect(deterministicGuid('a')).toMatch(guid);
});
