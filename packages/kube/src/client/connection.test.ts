import type { Pod } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import type { ClusterConfig, Credentials } from '../config/cluster-config.ts';
import { leases, pods } from '../resources.ts';
import type { Live } from '../resources.ts';
import { clientOf, failure, stub } from '../testing/stub-client.ts';
import { answerJson, selfSigned } from '../testing/stub-server.ts';
import { ConnectionError } from './errors.ts';

const pod: Live<Pod> = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
const ref = { name: 'a', namespace: 'n' };

test('a hundred calls one after the other share one connection', async () => {
  const server = await stub((_, response) => answerJson(response, 200, pod));
  const client = clientOf(server.config);
  for (let turn = 0; turn < 100; turn += 1) await client.get(pods, ref);
  expect(server.connections).toBe(1);
  expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer stub', accept: 'application/json' });
});

test('many calls at once are bounded, and Leases pass them by', async () => {
  const held: (() => void)[] = [];
  const server = await stub((request, response) => {
    if (request.url.includes('leases')) answerJson(response, 200, { ...pod, kind: 'Lease' });
    else held.push(() => answerJson(response, 200, pod));
  });
  const client = clientOf(server.config);
  const calls = Array.from({ length: 50 }, () => client.get(pods, ref));
  await client.get(leases, ref);
  expect(server.connections).toBeLessThanOrEqual(33);
  // Each answer frees a connection for a call that waits.
  for (let answered = 0; answered < calls.length; await new Promise(setImmediate)) {
    const answer = held.shift();
    if (answer === undefined) continue;
    answer();
    answered += 1;
  }
  expect(await Promise.all(calls)).toHaveLength(50);
});

test('an answer that never comes ends after its time limit, and so does the socket', async () => {
  const server = await stub(() => {});
  const client = clientOf(server.config);
  const error = await failure(client.get(pods, ref, { timeoutMs: 50 }));
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('get pods n/a') as string });
  await server.allClosed();
});

test('half an answer is a connection error, not half an object', async () => {
  const server = await stub((_, response, socket) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('{"kind":');
    setImmediate(() => socket.destroy());
  });
  expect(await failure(clientOf(server.config).get(pods, ref))).toBeInstanceOf(ConnectionError);
  expect(server.requests).toHaveLength(1);
});

test('abort gives the reason and ends the socket', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const server = await stub(() => abort.abort(reason));
  expect(await failure(clientOf(server.config).get(pods, ref, { signal: abort.signal }))).toBe(reason);
  await server.allClosed();
  expect(await failure(clientOf(server.config).get(pods, ref, { signal: abort.signal }))).toBe(reason);
  expect(server.requests).toHaveLength(1);
});

test('nobody listens, no such host, a stranger’s certificate, other names, expired: each is told in a sentence', async () => {
  const server = await stub((_, response) => answerJson(response, 200, pod));
  const { config } = server;
  const other = await selfSigned();
  const cases: readonly [Partial<ClusterConfig>, string, RegExp][] = [
    [
      { server: 'https://127.0.0.1:1' },
      'ECONNREFUSED',
      /cannot talk to https:\/\/127\.0\.0\.1:1: nothing listens there/,
    ],
    [{ server: 'https://no-such-host.invalid' }, '(ENOTFOUND|EAI_AGAIN)', /DNS/],
    [
      { authorities: () => other.certificate },
      '(DEPTH_ZERO_SELF_SIGNED_CERT|CERT_SIGNATURE_FAILURE)',
      /not signed by an authority/,
    ],
    [{ tlsServerName: 'elsewhere' }, 'ERR_TLS_CERT_ALTNAME_INVALID', /for other names/],
  ];
  for (const [change, code, says] of cases) {
    const error = await failure(clientOf({ ...config, ...change }).get(pods, ref));
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as ConnectionError).code).toMatch(new RegExp(code));
    expect((error as ConnectionError).message).toMatch(says);
    expect((error as ConnectionError).remedy).toBeTruthy();
  }
  const trusting = clientOf({ ...config, tlsServerName: 'localhost' });
  await expect(trusting.get(pods, ref)).resolves.toEqual(pod);
  const careless = clientOf({ ...config, authorities: () => undefined, insecureSkipTlsVerify: true });
  await expect(careless.get(pods, ref)).resolves.toEqual(pod);
});

test('an expired server certificate is told', async () => {
  const tls = await selfSigned({ until: new Date(Date.now() - 60_000) });
  const server = await stub((_, response) => answerJson(response, 200, pod), tls);
  const error = await failure(clientOf(server.config).get(pods, ref));
  expect(error).toMatchObject({ code: 'CERT_HAS_EXPIRED', remedy: expect.stringContaining('clock') as string });
});

test('a client certificate that is no PEM is told', async () => {
  const server = await stub((_, response) => answerJson(response, 200, pod));
  const credentials: Credentials = { current: () => ({ certificate: 'x', key: 'y' }), refused: () => false };
  expect(await failure(clientOf(server.configWith(credentials)).get(pods, ref))).toBeInstanceOf(ConnectionError);
});
