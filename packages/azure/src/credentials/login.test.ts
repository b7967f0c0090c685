import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AzureError } from '../errors/azure-error.ts';
import { wireTo } from '../testing/azure-against.ts';
import { JumpingClock, stubAzure } from '../testing/stub-azure.ts';
import type { Reply, StubAzure } from '../testing/stub-azure.ts';
import { clientSecret } from './client-secret.ts';
import { workloadIdentity } from './workload-identity.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'azure-'));
afterAll(() => rm(folder, { recursive: true }));

const tokenFile = path.join(folder, 'token');
const claims = {
  iss: 'https://westus3.oic.prod-aks.azure.com/tenant/cluster/',
  sub: 'system:serviceaccount:kaito-system:kaito-gpu-provisioner',
  aud: ['api://AzureADTokenExchange'],
  exp: 1_767_225_600,
};
const jwt = (payload: object) => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;

function identity(stub: StubAzure) {
  const client = { tenantId: 'tenant', clientId: 'c0ffee', authorityHost: `${stub.origin}/` };
  return workloadIdentity(wireTo(stub), { ...client, tokenFile });
}

function entraRefusal(number: number, text: string, status = 401): Reply {
  return {
    status,
    body: {
      error: 'invalid_client',
      error_description: `AADSTS${number}: ${text} Trace ID: 8eea681d-a1eb-487d-9be7-d61225177f00 Correlation ID: c0d0f0de-73a5-4de0-99b6-83e71da1f7a4 Timestamp: 2026-01-01 14:54:34Z`,
      error_codes: [number],
    },
  };
}

async function loginError(reply: Reply): Promise<AzureError> {
  await writeFile(tokenFile, jwt(claims));
  await using stub = await stubAzure(() => reply);
  const error: unknown = await identity(stub)
    .token('https://arm')
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(AzureError);
  return error as AzureError;
}

test('a workload identity shows its service-account token, read anew for each login', async () => {
  await using stub = await stubAzure((_, index) => ({ body: { access_token: `t${index}`, expires_in: 3600 } }));
  const credential = identity(stub);
  await writeFile(tokenFile, `${jwt(claims)}\n`);
  expect(await credential.token('https://arm/')).toEqual({
    value: 't0',
    expiresAt: Date.parse('2026-01-01T01:00:00Z'),
  });
  await writeFile(tokenFile, 'renewed');
  await credential.token('https://graph', { claims: '{"x":1}' });
  expect(stub.seen[0]!.url).toBe('/tenant/oauth2/v2.0/token');
  const forms = stub.seen.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
  expect(forms).toEqual([
    {
      client_id: 'c0ffee',
      grant_type: 'client_credentials',
      scope: 'https://arm/.default',
      client_assertion: jwt(claims),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    },
    expect.objectContaining({ client_assertion: 'renewed', scope: 'https://graph/.default', claims: '{"x":1}' }),
  ]);
});

test.each([70_021, 70_025, 700_211, 700_212, 700_213, 700_214, 7_002_138])(
  'AADSTS%s: the federated credential that is missing, and the command that makes it',
  async (number) => {
    const error = await loginError(
      entraRefusal(number, 'No matching federated identity record found for presented assertion.'),
    );
    expect(error).toMatchObject({
      code: 'FederationMissing',
      azureCode: `AADSTS${number}`,
      status: 401,
      retry: 'later',
    });
    expect(error.message).toBe(
      `the identity c0ffee has no federated credential for subject ${claims.sub}, audience ${claims.aud[0]}, issuer ${claims.iss} (AADSTS${number})`,
    );
    expect(error.remedy).toBe(
      `az identity federated-credential create --name kaito-system-kaito-gpu-provisioner --identity-name "$(az identity list --query "[?clientId=='c0ffee'].name" --output tsv)" --resource-group "$(az identity list --query "[?clientId=='c0ffee'].resourceGroup" --output tsv)" --issuer ${claims.iss} --subject ${claims.sub} --audiences ${claims.aud[0]}`,
    );
  },
);

test.each([
  [700_016, 'later', /knows no application or identity c0ffee/],
  [7_000_215, 'never', /secret .* is wrong/],
  [7_000_222, 'never', /secret .* has expired/],
  [700_024, 'later', /not valid now/],
  [90_002, 'never', /no tenant tenant/],
  [50_166, 'later', /keys .* cannot be fetched/],
  [999_999, 'later', /: Something new\. \(AADSTS999999\)$/],
] as const)('AADSTS%s: the login is refused (%s)', async (number, retry, says) => {
  const error = await loginError(entraRefusal(number, 'Something new. See https://aka.ms/x for details.'));
  expect(error).toMatchObject({ code: 'LoginRefused', retry, azureCode: `AADSTS${number}` });
  expect(error.message).toMatch(says);
  expect(error.message).not.toMatch(/Trace|https?:/);
});

test('a login service that fails by itself is no refusal', async () => {
  expect(await loginError({ status: 503 })).toMatchObject({ code: 'ServerError', retry: 'soon' });
  const throttled = { status: 429, headers: { 'retry-after': '60' } };
  expect(await loginError(throttled)).toMatchObject({ code: 'Throttled', retryAfterMs: 60_000 });
  expect(await loginError({ body: '<html>' })).toMatchObject({ code: 'ServerError', retry: 'later' });
});

test('without its token a workload identity is no credential', async () => {
  await using stub = await stubAzure(() => ({}));
  await writeFile(tokenFile, '\n');
  await expect(identity(stub).token('a')).rejects.toMatchObject({ code: 'NoCredential' });
  await rm(tokenFile);
  await expect(identity(stub).token('a')).rejects.toThrow(`${tokenFile} cannot be read (ENOENT)`);
  expect(stub.seen).toHaveLength(0);
});

test('a service principal shows its secret', async () => {
  await using stub = await stubAzure(() => ({ body: { access_token: 't', expires_in: '60' } }));
  const client = { tenantId: 'a/b', clientId: 'c', authorityHost: stub.origin };
  const clock = new JumpingClock();
  const { expiresAt } = await clientSecret(wireTo(stub, { clock }), { ...client, secret: 's&=' }).token('https://arm');
  expect(expiresAt).toBe(clock.now().getTime() + 60_000);
  expect(stub.seen[0]!.url).toBe('/a%2Fb/oauth2/v2.0/token');
  expect(new URLSearchParams(stub.seen[0]!.body).get('client_secret')).toBe('s&=');
});
