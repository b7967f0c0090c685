import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { AzureError } from '../errors/azure-error.ts';
import { wireTo } from '../testing/azure-against.ts';
import { JumpingClock, stubAzure } from '../testing/stub-azure.ts';
import type { Reply } from '../testing/stub-azure.ts';
import { proxyFromEnvironment } from './proxy.ts';
import { remainingCalls } from './rate-limits.ts';
import { Wire } from './wire.ts';
import type { RequestMeasure } from './wire.ts';

const get = (origin: string, more: object = {}) =>
  ({ method: 'GET', url: new URL(`${origin}/x`), repeatable: true, ...more }) as const;

test.each([408, 429, 500, 502, 503, 504])('HTTP %s is tried again, with pauses that grow', async (status) => {
  await using stub = await stubAzure((_, index) => (index < 3 ? { status } : { body: 'done' }));
  const clock = new JumpingClock();
  const answer = await wireTo(stub, { clock }).send(get(stub.origin));
  expect(answer.text).toBe('done');
  expect(clock.pauses).toEqual([375, 750, 1500]);
});

test('no call is sent more often than four times; the last answer is handed out', async () => {
  await using stub = await stubAzure(() => ({ status: 503 }));
  expect((await wireTo(stub).send(get(stub.origin))).status).toBe(503);
  expect(stub.seen).toHaveLength(4);
});

test('Retry-After is waited for, with a little more; a long one is reported and not waited for', async () => {
  const replies: Reply[] = [
    { status: 429, headers: { 'retry-after': '3' } },
    { status: 503, headers: { 'x-ms-retry-after-ms': '40' } },
    { status: 429, headers: { 'retry-after': '600' } },
  ];
  await using stub = await stubAzure((_, index) => replies[index]!);
  const clock = new JumpingClock();
  const answer = await wireTo(stub, { clock }).send(get(stub.origin));
  expect(answer.status).toBe(429);
  expect(clock.pauses).toEqual([3150, 42]);
});

test('a call that may not be repeated is only sent again where nothing was done', async () => {
  await using stub = await stubAzure((_, index) => ({ status: index === 0 ? 429 : 503 }));
  const answer = await wireTo(stub).send(get(stub.origin, { method: 'POST', repeatable: false }));
  expect(answer.status).toBe(503);
  expect(stub.seen).toHaveLength(2);
});

test('a connection that ends before the answer is followed by another', async () => {
  await using stub = await stubAzure((_, index) => (index === 0 ? 'lost' : { body: 'done' }));
  expect((await wireTo(stub).send(get(stub.origin))).text).toBe('done');
});

test('connections are kept', async () => {
  await using stub = await stubAzure(() => ({ body: 'x' }));
  const wire = wireTo(stub);
  for (let turn = 0; turn < 3; turn += 1) await wire.send(get(stub.origin));
  expect(stub.seen.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  wire.close();
});

test('an abort ends a call and a pause, with its reason', async () => {
  const stop = new AbortController();
  await using stub = await stubAzure(() => {
    stop.abort(new Error('enough'));
    return 'silent';
  });
  const wire = wireTo(stub, { clock: systemClock });
  await expect(wire.send(get(stub.origin, { signal: stop.signal }))).rejects.toThrow('enough');
  await expect(wire.send(get(stub.origin, { signal: stop.signal }))).rejects.toThrow('enough');
  expect(stub.seen).toHaveLength(1);
  wire.close();
});

test('without an answer in time a call has timed out', async () => {
  await using stub = await stubAzure(() => 'silent');
  const wire = wireTo(stub, { clock: systemClock, tries: 1 });
  const error: unknown = await wire.send(get(stub.origin, { timeoutMs: 20 })).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'TimedOut', retry: 'soon' });
});

test('nothing is sent over http', async () => {
  const wire = new Wire({ clock: new JumpingClock() });
  await expect(wire.send(get('http://127.0.0.1:1'))).rejects.toMatchObject({ code: 'InvalidRequest', retry: 'never' });
});

test('nothing listening, and an authority that is not trusted, are told with what mends them', async () => {
  await using stub = await stubAzure(() => ({ body: 'x' }));
  const wire = new Wire({ clock: new JumpingClock() });
  const untrusted: unknown = await wire.send(get(stub.origin)).catch((cause: unknown) => cause);
  expect(untrusted).toMatchObject({ code: 'NetworkUnreachable', retry: 'later' });
  expect((untrusted as AzureError).remedy).toContain('NODE_EXTRA_CA_CERTS');
  const closed = http.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const refused: unknown = await wire.send(get(`https://127.0.0.1:${port}`)).catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ code: 'NetworkUnreachable', retry: 'soon' });
  expect((refused as AzureError).message).toContain(`127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`);
});

test('what is left of the limits can be read', async () => {
  await using stub = await stubAzure(() => ({ headers: { 'x-ms-ratelimit-remaining-subscription-reads': '11999' } }));
  const measures: RequestMeasure[] = [];
  await wireTo(stub, { onRequest: (measure) => measures.push(measure) }).send(get(stub.origin));
  expect(measures).toMatchObject([{ method: 'GET', status: 200, remaining: { 'subscription-reads': 11_999 } }]);
  expect(
    remainingCalls({
      'x-ms-ratelimit-remaining-resource': 'Microsoft.Compute/HighCostGet3Min;46,Microsoft.Compute/Low;0',
      other: '1',
    }),
  ).toEqual({ 'Microsoft.Compute/HighCostGet3Min': 46, 'Microsoft.Compute/Low': 0 });
});

test('the log says what was called, and no header or body', async () => {
  await using stub = await stubAzure(() => ({
    body: { access_token: 'SECRET' },
    headers: { 'x-ms-request-id': 'r1' },
  }));
  const lines: unknown[] = [];
  const logger = { log: (...line: readonly unknown[]) => void lines.push(line) };
  const headers = { authorization: 'Bearer SECRET' };
  await wireTo(stub, { logger }).send(get(stub.origin, { method: 'POST', headers, body: 'client_secret=SECRET' }));
  expect(lines).toMatchObject([
    ['debug', 'request to Azure', { method: 'POST', path: '/x', status: 200, requestId: 'r1' }],
  ]);
  expect(JSON.stringify(lines)).not.toContain('SECRET');
});

test('calls go through the proxy of the environment, but for those of NO_PROXY', async () => {
  await using stub = await stubAzure(() => ({ body: 'x' }));
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer();
  server.on('connect', (request, downstream: Socket) => {
    targets.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      downstream.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(downstream).pipe(upstream);
    });
    for (const socket of [upstream, downstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const through = wireTo(stub, { proxy: proxyFromEnvironment({ HTTPS_PROXY: proxy }) });
  await through.send(get(stub.origin));
  expect(targets).toEqual([new URL(stub.origin).host]);
  const direct = wireTo(stub, { proxy: proxyFromEnvironment({ HTTPS_PROXY: proxy, NO_PROXY: '127.0.0.1' }) });
  await direct.send(get(stub.origin));
  expect(targets).toHaveLength(1);
  through.close();
  direct.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a proxy that speaks something else is refused by name, and never shown', () => {
  expect(proxyFromEnvironment({})).toBeUndefined();
  expect(proxyFromEnvironment({ NO_PROXY: 'x' })).toBeUndefined();
  expect(throughSocks).toThrow('HTTPS_PROXY names a proxy');
  expect(throughSocks).not.toThrow('word');
});

function throughSocks(): unknown {
  return proxyFromEnvironment({ HTTPS_PROXY: 'socks5://user:word@host' });
}
