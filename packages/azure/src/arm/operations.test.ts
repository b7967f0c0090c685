import { expect, test } from 'vitest';
import { azureAgainst } from '../testing/azure-against.ts';
import { JumpingClock, refusal, stubAzure } from '../testing/stub-azure.ts';
import type { Reply, StubAzure } from '../testing/stub-azure.ts';
import type { Operation } from './operation.ts';

function operation(stub: StubAzure, kind: Operation['kind'] = 'azure-async-operation'): Operation {
  return {
    url: `${stub.origin}/subscriptions/sub/providers/Microsoft.ContainerService/locations/westus3/operations/1`,
    kind,
  };
}

async function polled(reply: Reply, kind?: Operation['kind']) {
  await using stub = await stubAzure(() => reply);
  return await azureAgainst(stub).operations.poll(operation(stub, kind));
}

test.each([
  [
    { body: { status: 'InProgress' }, headers: { 'retry-after': '9' } },
    { state: 'running', retryAfterMs: 9000 },
  ],
  [{ body: { status: 'Creating' } }, { state: 'running', retryAfterMs: 5000 }],
  [{ status: 202 }, { state: 'running', retryAfterMs: 5000 }],
  [{ body: { status: 'succeeded' } }, { state: 'succeeded' }],
  [{ body: { properties: { provisioningState: 'Succeeded' } } }, { state: 'succeeded' }],
  [{ status: 204 }, { state: 'succeeded' }],
  [{ body: {} }, { state: 'unknown' }],
  [refusal(404, 'OperationNotFound', 'no such operation'), { state: 'unknown' }],
])('Azure-AsyncOperation: %j is %j', async (reply, state) => {
  expect(await polled(reply)).toEqual(state);
});

test.each([
  [
    { status: 202, headers: { 'retry-after': '1' } },
    { state: 'running', retryAfterMs: 1000 },
  ],
  [{ status: 200, body: { id: 'x' } }, { state: 'succeeded' }],
  [{ status: 204 }, { state: 'succeeded' }],
  [refusal(404, 'NotFound', 'no such operation'), { state: 'unknown' }],
])('Location: %j is %j', async (reply, state) => {
  expect(await polled(reply, 'location')).toEqual(state);
});

test('why an operation failed is told as any error of Azure', async () => {
  const error = { code: 'SkuNotAvailable', message: 'not available in location westus3' };
  expect(await polled({ body: { status: 'Failed', error } })).toMatchObject({
    state: 'failed',
    error: { code: 'SkuNotAvailable', azureCode: 'SkuNotAvailable', status: undefined },
  });
  expect(await polled({ body: { status: 'Failed' } })).toMatchObject({
    error: { code: 'OperationFailed', retry: 'later' },
  });
  expect(await polled({ body: { status: 'Canceled' } })).toMatchObject({ error: { code: 'OperationFailed' } });
  expect(await polled(refusal(400, 'InvalidParameter', 'x'), 'location')).toMatchObject({
    state: 'failed',
    error: { code: 'InvalidRequest' },
  });
});

test.each([
  [refusal(403, 'AuthorizationFailed', 'x'), 'RightMissing'],
  [refusal(500, 'InternalServerError', 'x'), 'ServerError'],
  [{ status: 404, body: 'not of Azure' }, 'ServerError'],
])('a look that is refused is no failed operation: %j', async (reply, code) => {
  await expect(polled(reply)).rejects.toMatchObject({ code });
  await expect(polled(reply, 'location')).rejects.toMatchObject({ code });
});

test.each(['https://evil.example/op', 'http://127.0.0.1/op', 'not an address', '', 'file:///etc/passwd'])(
  'a stored operation that leads to %j is unknown, and no token goes there',
  async (url) => {
    await using stub = await stubAzure(() => ({ body: { status: 'Succeeded' } }));
    const { operations } = azureAgainst(stub);
    expect(await operations.poll({ url, kind: 'location' })).toEqual({ state: 'unknown' });
    const sameHost = stub.origin.replace('https://', 'https://user:word@');
    expect(await operations.poll({ url: `${sameHost}/op`, kind: 'location' })).toEqual({ state: 'unknown' });
    expect(stub.seen).toHaveLength(0);
  },
);

test('waiting looks as often as Azure asks, and bears looks that fail by the way', async () => {
  const replies: Reply[] = [
    { body: { status: 'InProgress' }, headers: { 'retry-after': '3' } },
    refusal(429, 'TooManyRequests', 'x', { 'retry-after': '15' }),
    { body: { status: 'Succeeded' } },
  ];
  await using stub = await stubAzure((_, index) => replies[index]!);
  const clock = new JumpingClock();
  let running = 0;
  const begun = { ...operation(stub), retryAfterMs: 2000 };
  await azureAgainst(stub, { clock }).operations.wait(begun, {
    deadlineMs: 60_000,
    onRunning: () => {
      running += 1;
    },
  });
  expect(clock.pauses).toEqual([2000, 3000, 15_000]);
  expect(running).toBe(1);
});

test('waiting ends with the error of the operation, with the deadline, and with the signal', async () => {
  await using failed = await stubAzure(() => ({
    body: { status: 'Failed', error: { code: 'AllocationFailed', message: 'x' } },
  }));
  const options = { deadlineMs: 60_000 };
  await expect(azureAgainst(failed).operations.wait(operation(failed), options)).rejects.toMatchObject({
    code: 'CapacityMissing',
  });

  await using endless = await stubAzure(() => ({ body: { status: 'InProgress' } }));
  const clock = new JumpingClock();
  const { operations } = azureAgainst(endless, { clock });
  const startedAt = clock.monotonic();
  await expect(operations.wait(operation(endless), options)).rejects.toMatchObject({ code: 'TimedOut' });
  expect(clock.monotonic() - startedAt).toBe(60_000);
  await expect(
    operations.wait(operation(endless), { ...options, signal: AbortSignal.abort(new Error('enough')) }),
  ).rejects.toThrow('enough');

  await using forgotten = await stubAzure(() => refusal(404, 'NotFound', 'x'));
  await expect(azureAgainst(forgotten).operations.wait(operation(forgotten), options)).rejects.toMatchObject({
    code: 'OperationFailed',
  });
});
