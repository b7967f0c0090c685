import { expect, test } from 'vitest';
import { AzureError } from '../errors/azure-error.ts';
import { azureAgainst, cluster, clusterId } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';
import type { Reply } from '../testing/stub-azure.ts';

const apiVersion = 'api-version=2026-06-01';

function pool(name: string, properties: object = {}): object {
  return { id: `${clusterId}/agentPools/${name}`, name, properties: { provisioningState: 'Succeeded', ...properties } };
}

async function refusedWith(reply: Reply, call: (pools: ReturnType<typeof poolsOf>) => Promise<unknown>) {
  await using stub = await stubAzure(() => reply);
  const error: unknown = await call(poolsOf(stub)).catch((cause: unknown) => cause);
  return error;
}

function poolsOf(stub: Awaited<ReturnType<typeof stubAzure>>) {
  return azureAgainst(stub).agentPools(cluster);
}

test('create sends one conditional PUT, and hands out the operation without waiting for it', async () => {
  await using stub = await stubAzure(() => ({
    status: 201,
    body: pool('gpu1', { provisioningState: 'Creating', eTag: 'e1' }),
    headers: { 'azure-asyncoperation': `${stub.origin}/subscriptions/sub/op?x=1`, 'retry-after': '7' },
  }));
  const created = await poolsOf(stub).create('gpu1', { count: 1, vmSize: 'Standard_NC12s_v3' });
  expect(stub.seen).toHaveLength(1);
  const [request] = stub.seen;
  expect(request!.method).toBe('PUT');
  expect(request!.url).toBe(`${clusterId}/agentPools/gpu1?${apiVersion}`);
  expect(request!.headers['if-none-match']).toBe('*');
  expect(request!.headers.authorization).toBe('Bearer token-1');
  expect(request!.headers['x-ms-client-request-id']).toMatch(/^[\da-f-]{36}$/);
  expect(JSON.parse(request!.body)).toEqual({ properties: { count: 1, vmSize: 'Standard_NC12s_v3' } });
  expect(created.pool).toMatchObject({ name: 'gpu1', etag: 'e1', properties: { provisioningState: 'Creating' } });
  expect(created.operation).toEqual({
    url: `${stub.origin}/subscriptions/sub/op?x=1`,
    kind: 'azure-async-operation',
    retryAfterMs: 7000,
  });
});

test('create does not send a PUT again whose answer was lost: the second would say that the pool exists', async () => {
  await using stub = await stubAzure(() => 'lost');
  await expect(poolsOf(stub).create('gpu1', {})).rejects.toMatchObject({ code: 'NetworkUnreachable', retry: 'soon' });
  expect(stub.seen).toHaveLength(1);
});

test('create after 429 is sent again: nothing was done', async () => {
  await using stub = await stubAzure((_, index) =>
    index === 0
      ? refusal(429, 'TooManyRequests', 'slow down', { 'retry-after': '2' })
      : { status: 201, body: pool('gpu1') },
  );
  expect((await poolsOf(stub).create('gpu1', {})).pool.name).toBe('gpu1');
  expect(stub.seen).toHaveLength(2);
});

test('a pool of that name is never changed', async () => {
  const reply = refusal(412, 'PreconditionFailed', 'The condition was not met');
  const error = await refusedWith(reply, (pools) => pools.create('nodepool1', {}));
  expect(error).toMatchObject({ code: 'PreconditionFailed', status: 412 });
});

test('an operation of another server is not taken', async () => {
  await using stub = await stubAzure(() => ({
    status: 201,
    body: pool('gpu1'),
    headers: { 'azure-asyncoperation': 'https://evil.example/op', location: 'http://127.0.0.1/op' },
  }));
  expect((await poolsOf(stub).create('gpu1', {})).operation).toBeUndefined();
});

test.each([
  ['NotFound', 'The agent pool gpu1 could not be found.'],
  [
    'ResourceNotFound',
    `The Resource 'Microsoft.ContainerService/managedClusters/kaito/agentPools/gpu1' under resource group 'rg' was not found.`,
  ],
  ['NotFound', 'Agent Pool not found'],
])('a missing pool is undefined for get and gone for delete: %s, %s', async (code, message) => {
  await using stub = await stubAzure(() => refusal(404, code, message));
  expect(await poolsOf(stub).get('gpu1')).toBeUndefined();
  expect(await poolsOf(stub).delete('gpu1')).toBe('gone');
});

test.each([
  [
    'ResourceNotFound',
    `The Resource 'Microsoft.ContainerService/managedClusters/kaito' under resource group 'rg' was not found.`,
  ],
  [
    'ParentResourceNotFound',
    `Failed to perform 'read' on resource(s) of type 'managedClusters/agentPools', because the parent resource '${clusterId}' could not be found.`,
  ],
  ['ResourceGroupNotFound', `Resource group 'rg' could not be found.`],
  ['NotFound', 'Could not find managed cluster kaito.'],
  ['NotFound', "No agent pool can be read: 'Microsoft.ContainerService/managedClusters/kaito' does not exist."],
])('a missing cluster is an error for get, list and delete: %s, %s', async (code, message) => {
  await using stub = await stubAzure(() => refusal(404, code, message));
  const pools = poolsOf(stub);
  for (const call of [pools.get('gpu1'), pools.list(), pools.delete('gpu1')])
    await expect(call).rejects.toMatchObject({ code: 'ClusterNotFound' });
});

test('a 404 of something else on the way is not taken for a missing pool', async () => {
  const error = await refusedWith({ status: 404, body: '<html>not here</html>' }, (pools) => pools.get('gpu1'));
  expect(error).toMatchObject({ code: 'ServerError', status: 404 });
});

test('delete sends If-Match where the etag is known, and hands out the operation', async () => {
  await using stub = await stubAzure((_, index) =>
    index === 0
      ? { status: 202, headers: { location: `${stub.origin}/op`, 'x-ms-retry-after-ms': '1500' } }
      : index === 1
        ? { status: 204 }
        : refusal(412, 'EtagMismatch', 'changed'),
  );
  const pools = poolsOf(stub);
  expect(await pools.delete('gpu1', { etag: '"e1"' })).toEqual({
    url: `${stub.origin}/op`,
    kind: 'location',
    retryAfterMs: 1500,
  });
  expect(stub.seen[0]!.headers['if-match']).toBe('"e1"');
  expect(await pools.delete('gpu1')).toBe('gone');
  expect(stub.seen[1]!.headers['if-match']).toBeUndefined();
  await expect(pools.delete('gpu1', { etag: 'e0' })).rejects.toMatchObject({ code: 'PreconditionFailed' });
});

test('list follows nextLink on the same server, and nowhere else', async () => {
  await using stub = await stubAzure(({ url }) => {
    if (url.includes('page=2')) return { body: { value: [pool('b')], nextLink: '' } };
    return { body: { value: [pool('a')], nextLink: `${stub.origin}${clusterId}/agentPools?page=2` } };
  });
  expect((await poolsOf(stub).list()).map(({ name }) => name)).toEqual(['a', 'b']);

  await using astray = await stubAzure(() => ({ body: { value: [], nextLink: `${stub.origin}/elsewhere` } }));
  await expect(poolsOf(astray).list()).rejects.toMatchObject({ code: 'ServerError' });
  await using circle = await stubAzure(() => ({ body: { value: [], nextLink: `${circle.origin}/again` } }));
  await expect(poolsOf(circle).list()).rejects.toMatchObject({ code: 'ServerError' });
});

test.each(['..', '.', ''])('the pool name %j leads nowhere', async (name) => {
  await using stub = await stubAzure(() => ({ body: {} }));
  await expect(poolsOf(stub).get(name)).rejects.toBeInstanceOf(AzureError);
  expect(stub.seen).toHaveLength(0);
});

test('a pool name is one segment of the path', async () => {
  await using stub = await stubAzure(() => ({ body: pool('x') }));
  await poolsOf(stub).get('a/../../b?c');
  expect(stub.seen[0]!.url).toBe(`${clusterId}/agentPools/a%2F..%2F..%2Fb%3Fc?${apiVersion}`);
});
