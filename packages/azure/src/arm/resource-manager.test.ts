import { expect, test } from 'vitest';
import { azureAgainst, cluster, CountingCredential } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';
import { claimsOf } from './claims-challenge.ts';

const claims = '{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}';
const challenge = `Bearer authorization_uri="https://login.example/", error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`;

test('a refused token is replaced once, with the claims that are asked for', async () => {
  await using stub = await stubAzure(({ headers }) =>
    headers.authorization === 'Bearer token-1'
      ? refusal(401, 'InvalidAuthenticationToken', 'revoked', { 'www-authenticate': challenge })
      : { body: { value: [] } },
  );
  const credential = new CountingCredential();
  expect(await azureAgainst(stub, { credential }).agentPools(cluster).list()).toEqual([]);
  expect(credential.asked).toEqual([
    {},
    { insteadOf: expect.objectContaining({ value: 'token-1' }) as unknown, claims },
  ]);
});

test('a token that is refused twice is an error, and no third is asked for', async () => {
  await using stub = await stubAzure(() => refusal(401, 'InvalidAuthenticationToken', 'The access token is invalid.'));
  const credential = new CountingCredential();
  await expect(azureAgainst(stub, { credential }).agentPools(cluster).list()).rejects.toMatchObject({
    code: 'Unauthorized',
  });
  expect(credential.asked).toHaveLength(2);
  expect(stub.seen).toHaveLength(2);
});

test('the body of a call is sent again with the new token', async () => {
  await using stub = await stubAzure((_, index) =>
    index === 0
      ? refusal(401, 'ExpiredAuthenticationToken', 'expired')
      : { status: 201, body: { id: 'i', name: 'gpu1', properties: {} } },
  );
  await azureAgainst(stub).agentPools(cluster).create('gpu1', { count: 1 });
  expect(stub.seen[1]!.body).toBe(stub.seen[0]!.body);
  expect(stub.seen[1]!.headers['if-none-match']).toBe('*');
});

test('an error keeps by what Microsoft finds the request, and how long to wait', async () => {
  await using stub = await stubAzure(() =>
    refusal(429, 'TooManyRequests', 'x', {
      'x-ms-request-id': 'r1',
      'x-ms-correlation-request-id': 'c1',
      'retry-after': '42',
    }),
  );
  await expect(azureAgainst(stub).agentPools(cluster).list()).rejects.toMatchObject({
    code: 'Throttled',
    requestId: 'r1',
    correlationId: 'c1',
    retryAfterMs: 42_000,
  });
});

test('a redirect is not followed', async () => {
  await using stub = await stubAzure(() => ({ status: 302, headers: { location: 'https://elsewhere.example/' } }));
  await expect(azureAgainst(stub).agentPools(cluster).list()).rejects.toMatchObject({
    code: 'ServerError',
    status: 302,
  });
  expect(stub.seen).toHaveLength(1);
});

test('a Resource Manager without https is refused', async () => {
  await using stub = await stubAzure(() => ({}));
  const http = { ...stub, cloud: { ...stub.cloud, resourceManager: 'http://127.0.0.1:1' } };
  expect(() => azureAgainst(http)).toThrow('no https address');
});

test.each([
  [challenge, claims],
  [[`Bearer realm="x"`, challenge], claims],
  ['Bearer error="invalid_token"', undefined],
  ['Bearer claims="!!!"', undefined],
  ['Bearer claims="bm90IGpzb24="', undefined],
  [undefined, undefined],
])('claims of %j', (header, wanted) => {
  expect(claimsOf(header)).toBe(wanted);
});
