import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type RunningAzure, startAzure } from './index.ts';
import { admin, call, logIn, ownerToken } from './testing/call.ts';

let azure: RunningAzure;
let token: string;
let subscription: string;
beforeAll(async () => {
  azure = await startAzure({ operationMs: 0 });
  subscription = `/subscriptions/${azure.subscriptionId}`;
});
afterAll(() => azure.stop());
beforeEach(async () => {
  token = await ownerToken(azure);
});

const version = 'api-version=2024-11-01';
const groups = (name: string): string => `${subscription}/resourcegroups/${name}?${version}`;
const put = (name: string) => call(azure, 'PUT', groups(name), { token, body: { location: 'West US 3' } });

/** What is wrong, as Resource Manager says it. */
async function refused(method: string, path: string, options: Parameters<typeof call>[3] = { token }) {
  const { status, body } = await call(azure, method, path, options);
  return [status, (body['error'] as { code: string } | undefined)?.code];
}

test('who comes without a good token is told where to get one', async () => {
  const path = `/subscriptions?api-version=2022-12-01`;
  const without = await call(azure, 'GET', path);
  expect([without.status, without.headers['www-authenticate']]).toEqual([
    401,
    `Bearer authorization_uri="${azure.authorityHost}/${azure.tenantId}"`,
  ]);
  expect(await refused('GET', path, {})).toEqual([401, 'AuthenticationFailed']);
  expect(await refused('GET', path, { headers: { authorization: 'Basic eA==' } })).toEqual([
    401,
    'AuthenticationFailed',
  ]);
  expect(await refused('GET', path, { token: 'x.y.z' })).toEqual([401, 'InvalidAuthenticationToken']);
  const [head, claims] = token.split('.') as [string, string];
  expect(await refused('GET', path, { token: `${head}.${claims}.AAAA` })).toEqual([401, 'InvalidAuthenticationToken']);
  const elsewhere = await logIn(azure, { scope: 'https://graph.microsoft.com/.default' });
  expect(await refused('GET', path, { token: String(elsewhere.body['access_token']) })).toEqual([
    401,
    'InvalidAuthenticationTokenAudience',
  ]);
  await admin(azure, 'POST', '/tokens/expire', { principalId: azure.owner.appId });
  expect(await refused('GET', path)).toEqual([401, 'ExpiredAuthenticationToken']);
  expect((await call(azure, 'GET', path, { token: await ownerToken(azure) })).status).toBe(200);
});

test('what is not known is an error of Azure’s, never an empty 200', async () => {
  const id = azure.subscriptionId;
  expect(await refused('GET', `${subscription}/resourcegroups`)).toEqual([400, 'MissingApiVersionParameter']);
  expect(await refused('GET', `${subscription}/resourcegroups?api-version=1999-01-01`)).toEqual([
    400,
    'InvalidApiVersionParameter',
  ]);
  const identities = `${subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
  const unknown = await call(azure, 'GET', `${identities}?api-version=1999-01-01`, { token });
  expect(unknown.body).toEqual({
    error: {
      code: 'NoRegisteredProviderFound',
      message: expect.stringMatching(
        /API version '1999-01-01' for type 'userAssignedIdentities'. The supported api-versions are '.*2023-01-31/,
      ) as string,
    },
  });
  const of = (path: string): string => `${subscription}/${path}?${version}`;
  expect(await refused('GET', of('providers/Microsoft.Nothing/things'))).toEqual([404, 'InvalidResourceNamespace']);
  expect(await refused('GET', of('providers/Microsoft.ManagedIdentity/things'))).toEqual([404, 'InvalidResourceType']);
  expect(await refused('GET', of('nothing'))).toEqual([404, 'NotFound']);
  expect(await refused('GET', `/nothing?${version}`)).toEqual([404, 'MissingSubscription']);
  expect(await refused('POST', groups('g'))).toEqual([405, 'HttpMethodNotAllowed']);
  expect(await refused('GET', `${of('resourcegroups')}&$orderby=name`)).toEqual([400, 'InvalidQueryParameter']);
  expect(await refused('GET', `${of('resources')}&$filter=${encodeURIComponent("color eq 'red'")}`)).toEqual([
    400,
    'InvalidFilterInQueryString',
  ]);
  expect(await refused('GET', `/subscriptions/${id.replaceAll(/[1-9a-f]/g, '0')}/resourcegroups?${version}`)).toEqual([
    404,
    'SubscriptionNotFound',
  ]);
  expect(await refused('GET', `/subscriptions/x/resourcegroups?${version}`)).toEqual([400, 'InvalidSubscriptionId']);
  expect(await refused('PUT', groups('g'), { token, body: '{"location":' })).toEqual([400, 'InvalidRequestContent']);
  expect(await refused('PUT', groups('g'), { token, body: '[]' })).toEqual([400, 'InvalidRequestContent']);
  expect(await refused('PUT', groups('g'), { token, body: { location: 'westus3', colour: 'red' } })).toEqual([
    400,
    'InvalidRequestContent',
  ]);
  expect(
    await refused('PUT', groups('g'), { token, body: 'location: x', headers: { 'content-type': 'text/yaml' } }),
  ).toEqual([415, 'UnsupportedMediaType']);
  expect(await refused('PUT', groups('g'), { token, body: {} })).toEqual([400, 'LocationRequired']);
  expect(await refused('GET', groups('absent'))).toEqual([404, 'ResourceGroupNotFound']);
});

test('every answer carries the ids and what is left of the limits', async () => {
  const { headers } = await call(azure, 'GET', `${subscription}/resourcegroups?${version}`, {
    token,
    headers: { 'x-ms-correlation-request-id': 'mine' },
  });
  expect(headers['x-ms-correlation-request-id']).toBe('mine');
  expect(headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(Number(headers['x-ms-ratelimit-remaining-subscription-reads'])).toBeGreaterThan(0);
});

test('a group goes with all that is in it, in its own time', async () => {
  expect((await put('Gone')).status).toBe(201);
  expect((await put('gone')).status).toBe(200);
  const identity = `${subscription}/resourceGroups/gone/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one-id`;
  const made = await call(azure, 'PUT', `${identity}?api-version=2023-01-31`, { token, body: { location: 'westus3' } });
  const { principalId } = made.body['properties'] as { principalId: string };
  const assignment = `${subscription}/resourceGroups/Gone/providers/Microsoft.Authorization/roleAssignments/${principalId}?api-version=2022-04-01`;
  const role = `${subscription}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`;
  const properties = { roleDefinitionId: role, principalId };
  expect((await call(azure, 'PUT', assignment, { token, body: { properties } })).status).toBe(201);
  expect(await refused('PUT', assignment, { token, body: { properties } })).toEqual([409, 'RoleAssignmentExists']);

  await admin(azure, 'POST', '/operation-faults', { match: 'delete-group', hang: true });
  const deleted = await call(azure, 'DELETE', groups('gone'), { token });
  expect([deleted.status, deleted.headers['retry-after']]).toEqual([202, '1']);
  const location = deleted.headers.location!;
  expect(location).toMatch(new RegExp(`^${azure.endpoint}${subscription}/operationresults/`));
  const pending = await call(azure, 'GET', location, { token });
  expect([pending.status, pending.headers['retry-after'], pending.headers.location]).toEqual([202, '1', location]);
  expect(await refused('PUT', `${identity}?api-version=2023-01-31`, { token, body: { location: 'westus3' } })).toEqual([
    409,
    'ResourceGroupBeingDeleted',
  ]);
  await admin(azure, 'POST', `/operations/${/results\/([^?]+)/.exec(location)![1]}/release`);
  await expect.poll(async () => (await call(azure, 'GET', location, { token })).status).toBe(204);
  expect(await refused('GET', groups('gone'))).toEqual([404, 'ResourceGroupNotFound']);
  expect((await put('gone')).status).toBe(201);
  expect(await refused('GET', assignment)).toEqual([404, 'RoleAssignmentNotFound']);
  expect(await refused('GET', `${identity}?api-version=2023-01-31`)).toEqual([404, 'ResourceNotFound']);
});

test('a right is needed at each call, in force as soon as it is given and gone as soon as it is taken', async () => {
  await put('rights');
  const scope = `${subscription}/resourceGroups/rights`;
  const made = await admin(azure, 'POST', '/service-principals', { role: 'Reader', scope });
  const login = await logIn(azure, { client_id: String(made['appId']), client_secret: String(made['secret']) });
  const theirs = String(login.body['access_token']);
  expect((await call(azure, 'GET', groups('rights'), { token: theirs })).status).toBe(200);
  const denied = await call(azure, 'PUT', groups('rights'), { token: theirs, body: { location: 'westus3' } });
  expect(denied.body).toEqual({
    error: {
      code: 'AuthorizationFailed',
      message: `The client '${made['appId'] as string}' with object id '${made['objectId'] as string}' does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/write' over scope '${subscription}/resourcegroups/rights' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    },
  });
  expect(await admin(azure, 'DELETE', '/role-assignments', { principalId: made['objectId'] as string })).toEqual({
    deleted: 1,
  });
  expect(await refused('GET', groups('rights'), { token: theirs })).toEqual([403, 'AuthorizationFailed']);
  const seen = await call(azure, 'GET', '/subscriptions?api-version=2022-12-01', { token: theirs });
  expect(seen.body['value']).toEqual([]);
});

test('a login is refused in Entra’s words', async () => {
  const codes = async (form: Record<string, string>): Promise<unknown> => {
    const { status, body } = await logIn(azure, form);
    return [status, body['error'], (body['error_codes'] as number[] | undefined)?.[0]];
  };
  const { appId, secret } = azure.owner;
  const mine = { client_id: appId, client_secret: secret };
  expect(await codes({ ...mine, client_secret: 'wrong' })).toEqual([401, 'invalid_client', 7_000_215]);
  expect(await codes({ ...mine, client_id: azure.tenantId })).toEqual([400, 'unauthorized_client', 700_016]);
  expect(await codes({ client_id: appId })).toEqual([401, 'invalid_client', 7_000_218]);
  expect(await codes({ ...mine, grant_type: 'password' })).toEqual([400, 'unsupported_grant_type', 70_003]);
  expect(await codes({ ...mine, scope: 'https://vault.azure.net/.default' })).toEqual([
    400,
    'invalid_resource',
    500_011,
  ]);
  expect(await codes({ ...mine, scope: 'User.Read' })).toEqual([400, 'invalid_scope', 1_002_012]);
  expect(await codes({ ...mine, scope: '' })).toEqual([400, 'invalid_request', 900_144]);
  const nowhere = await call(azure, 'GET', `/${azure.subscriptionId}/v2.0/.well-known/openid-configuration`);
  expect([nowhere.status, nowhere.body['error']]).toEqual([400, 'invalid_tenant']);
  // Version 1 of the endpoint, as older clients use it.
  const v1 = await call(azure, 'POST', `/${azure.tenantId}/oauth2/token`, {
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: 'https://management.core.windows.net/',
      ...mine,
    }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(v1.body).toMatchObject({
    token_type: 'Bearer',
    expires_in: '3599',
    resource: 'https://management.core.windows.net/',
  });
});

test('faults strike the calls that they name, as often as they say', async () => {
  const path = `${subscription}/resourcegroups?${version}`;
  await admin(azure, 'POST', '/faults', {
    kind: 'throttle',
    match: 'GET .*/resourcegroups',
    times: 2,
    retryAfterSeconds: 7,
  });
  const throttled = await call(azure, 'GET', path, { token });
  expect([throttled.status, throttled.headers['retry-after']]).toEqual([429, '7']);
  expect((await call(azure, 'GET', `/subscriptions?api-version=2022-12-01`, { token })).status).toBe(200);
  expect((await call(azure, 'GET', path, { token })).status).toBe(429);
  expect((await call(azure, 'GET', path, { token })).status).toBe(200);

  await admin(azure, 'POST', '/faults', { kind: 'error', status: 502, code: 'BadGateway' });
  expect(await refused('GET', path)).toEqual([502, 'BadGateway']);
  await admin(azure, 'POST', '/faults', { kind: 'refuse', match: 'PUT' });
  await expect(put('refused')).rejects.toThrow();
  expect(await refused('GET', groups('refused'))).toEqual([404, 'ResourceGroupNotFound']);
  await admin(azure, 'DELETE', '/requests');
  await admin(azure, 'POST', '/faults', { kind: 'lose-response', match: 'PUT' });
  await expect(put('lost')).rejects.toThrow();
  expect((await call(azure, 'GET', groups('lost'), { token })).status).toBe(200);
  await admin(azure, 'POST', '/faults', { kind: 'latency', delayMs: 1 });
  expect((await call(azure, 'GET', groups('lost'), { token })).status).toBe(200);
  const served = (await admin(azure, 'GET', '/requests')) as unknown as Record<string, unknown>[];
  expect(served.map(({ method, path, status, callerId }) => ({ method, path, status, callerId }))).toEqual(
    [
      { method: 'PUT', status: 0 },
      { method: 'GET', status: 200 },
      { method: 'GET', status: 200 },
    ].map((each) => ({ ...each, path: `${subscription}/resourcegroups/lost`, callerId: azure.owner.objectId })),
  );
  expect(await admin(azure, 'POST', '/faults', { kind: 'rain' })).toMatchObject({
    error: { code: 'InvalidParameter' },
  });
  expect(await admin(azure, 'POST', '/faults', { kind: 'error', mach: 'x' })).toMatchObject({
    error: { message: expect.stringContaining("'mach' is unknown") as string },
  });
});

test('a machine gets the tokens of its own identities, when it asks as it must', async () => {
  await put('machines');
  const ids: string[] = [];
  for (const name of ['kubelet', 'other']) {
    const id = `${subscription}/resourceGroups/machines/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
    await call(azure, 'PUT', `${id}?api-version=2023-01-31`, { token, body: { location: 'westus3' } });
    ids.push(id);
  }
  const { endpoint } = await admin(azure, 'POST', '/imds', { identities: ids });
  const ask = async (query: string, metadata = 'true'): Promise<unknown> => {
    const answer = await fetch(
      `${String(endpoint)}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/${query}`,
      { headers: { metadata } },
    );
    const body = (await answer.json()) as Record<string, string>;
    return answer.status === 200
      ? JSON.parse(Buffer.from(body['access_token']!.split('.')[1]!, 'base64url').toString())
      : body;
  };
  expect(await ask(`&mi_res_id=${ids[0]}`)).toMatchObject({ xms_mirid: ids[0], aud: 'https://management.azure.com/' });
  expect(await ask('')).toMatchObject({
    error_description: expect.stringContaining('Multiple user assigned') as string,
  });
  expect(await ask(`&client_id=${azure.owner.appId}`)).toMatchObject({ error_description: 'Identity not found' });
  expect(await ask(`&mi_res_id=${ids[0]}`, 'false')).toMatchObject({ error: 'invalid_request' });
});

test('custom roles: made, assigned, kept while in use', async () => {
  const base = `${subscription}/providers/Microsoft.Authorization/roleDefinitions`;
  const name = 'c0ffee00-0000-4000-8000-000000000001';
  const path = `${base}/${name}?api-version=2022-04-01`;
  const permissions = [{ actions: ['Microsoft.Resources/subscriptions/resourceGroups/read'], notActions: [] }];
  const properties = { roleName: 'Looker', description: 'looks', permissions, assignableScopes: [subscription] };
  expect((await call(azure, 'PUT', path, { token, body: { properties } })).status).toBe(201);
  const filter = (text: string): string => `${base}?api-version=2022-04-01&$filter=${encodeURIComponent(text)}`;
  const found = await call(azure, 'GET', filter("roleName eq 'looker' and type eq 'CustomRole'"), { token });
  expect((found.body['value'] as { name: string }[]).map((each) => each.name)).toEqual([name]);
  expect(await refused('GET', filter("roleName ne 'looker'"))).toEqual([400, 'InvalidFilterInQueryString']);
  await admin(azure, 'POST', '/role-assignments', {
    principalId: azure.owner.appId,
    role: 'Looker',
    scope: subscription,
  });
  expect(await refused('DELETE', path)).toEqual([400, 'RoleDefinitionHasAssignments']);
  await admin(azure, 'DELETE', '/role-assignments', { principalId: azure.owner.appId, role: 'Looker' });
  expect((await call(azure, 'DELETE', path, { token })).status).toBe(200);
  expect((await call(azure, 'DELETE', path, { token })).status).toBe(204);
  const builtIn = `${base}/b24988ac-6180-42a0-ab88-20f7382dd24c?api-version=2022-04-01`;
  expect(await refused('DELETE', builtIn)).toEqual([403, 'CannotModifyBuiltInRole']);
});

test('federated credentials: twenty at most, and no two of the same', async () => {
  await put('federation');
  const id = `${subscription}/resourceGroups/federation/providers/Microsoft.ManagedIdentity/userAssignedIdentities/many`;
  await call(azure, 'PUT', `${id}?api-version=2023-01-31`, { token, body: { location: 'westus3' } });
  const credential = (name: string, subject: string, more = {}) =>
    call(azure, 'PUT', `${id}/federatedIdentityCredentials/${name}?api-version=2023-01-31`, {
      token,
      body: { properties: { issuer: 'https://i.example/', subject, audiences: ['api://x'], ...more } },
    });
  for (let index = 0; index < 20; index += 1) expect((await credential(`one-${index}`, `s${index}`)).status).toBe(201);
  expect((await credential('one-0', 's0')).status).toBe(200);
  expect((await credential('one-1', 's0')).status).toBe(409);
  expect((await credential('one-20', 's20')).status).toBe(400);
  expect((await credential('one-0', 's0', { audiences: [] })).status).toBe(400);
  expect((await credential('one-0', 's0', { issuer: 'http://i.example/' })).status).toBe(400);
  expect((await credential('one-0', 's0', { colour: 'red' })).status).toBe(400);
});

test('an assignment that a caller makes works when it has spread', async () => {
  await put('spread');
  const scope = `${subscription}/resourceGroups/spread`;
  const made = await admin(azure, 'POST', '/service-principals', {});
  const login = await logIn(azure, { client_id: String(made['appId']), client_secret: String(made['secret']) });
  const assignment = (name: string, role: string) =>
    call(azure, 'PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`, {
      token,
      body: {
        properties: {
          roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
          principalId: String(made['objectId']),
        },
      },
    });
  const look = () => refused('GET', groups('spread'), { token: String(login.body['access_token']) });
  await admin(azure, 'PUT', '/settings', { propagationMs: 3_600_000 });
  onTestFinished(async () => void (await admin(azure, 'PUT', '/settings', { propagationMs: 0 })));
  expect((await assignment(azure.tenantId, 'acdd72a7-3385-48ef-bd42-f606fba81ae7')).status).toBe(201);
  expect(await look()).toEqual([403, 'AuthorizationFailed']);
  await admin(azure, 'PUT', '/settings', { propagationMs: 0 });
  expect((await assignment(azure.subscriptionId, 'b24988ac-6180-42a0-ab88-20f7382dd24c')).status).toBe(201);
  expect(await look()).toEqual([200, undefined]);
});

test('all is found again after a restart, at the same address', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'azure-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const first = await startAzure({ directory });
  const before = await ownerToken(first);
  const path = `/subscriptions/${first.subscriptionId}/resourcegroups/kept?${version}`;
  await call(first, 'PUT', path, { token: before, body: { location: 'westus3' } });
  await first.stop();
  const second = await startAzure({ directory });
  onTestFinished(() => second.stop());
  expect([second.endpoint, second.owner, second.tenantId]).toEqual([first.endpoint, first.owner, first.tenantId]);
  expect((await call(second, 'GET', path, { token: before })).body).toMatchObject({ name: 'kept' });
});
