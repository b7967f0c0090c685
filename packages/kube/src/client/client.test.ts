import { gzipSync } from 'node:zlib';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { ClusterConfig, Credentials } from '../config/cluster-config.ts';
import { silentLogger } from '../logger.ts';
import { configMaps, leases, pods } from '../resources.ts';
import type { Live } from '../resources.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { answerJson, refuse, selfSigned, stubServer } from '../testing/stub-server.ts';
import type { StubHandler, StubServer } from '../testing/stub-server.ts';
import type { StreamingClient } from './api-client.ts';
import type { RequestMeasure } from './call.ts';
import { createClient } from './create-client.ts';
import type { ClientOptions } from './create-client.ts';
import { ApiError, ConnectionError, isConflict, isExpired } from './errors.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function stub(handler: StubHandler): Promise<StubServer> {
  const server = await stubServer(handler);
  cleanUps.push(() => server.close());
  return server;
}

function clientOf(config: ClusterConfig, options: Partial<ClientOptions> = {}): StreamingClient {
  const client = createClient(config, { clock: systemClock, logger: silentLogger, ...options });
  cleanUps.push(() => client.close());
  return client;
}

const pod: Live<Pod> = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
const ref = { name: 'a', namespace: 'n' };

const item = (name: string) => ({ metadata: { name } });

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('connections', () => {
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
    const server = await stubServer((_, response) => answerJson(response, 200, pod), tls);
    cleanUps.push(() => server.close());
    const error = await failure(clientOf(server.config).get(pods, ref));
    expect(error).toMatchObject({ code: 'CERT_HAS_EXPIRED', remedy: expect.stringContaining('clock') as string });
  });

  test('a client certificate that is no PEM is told', async () => {
    const server = await stub((_, response) => answerJson(response, 200, pod));
    const credentials: Credentials = { current: () => ({ certificate: 'x', key: 'y' }), refused: () => false };
    expect(await failure(clientOf(server.configWith(credentials)).get(pods, ref))).toBeInstanceOf(ConnectionError);
  });
});

describe('refusals', () => {
  test('a Status is kept as data', async () => {
    const server = await stub((_, response) => refuse(response, 409, 'Conflict'));
    const error = await failure(clientOf(server.config).replace(pods, pod));
    expect(isConflict(error)).toBe(true);
    expect(error).toMatchObject({ status: { code: 409 }, message: 'replace pods n/a: Conflict, says the stub' });
  });

  test('a proxy’s page becomes a sentence', async () => {
    const server = await stub((_, response) => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<html><h1>Bad  gateway</h1></html>');
    });
    const error = await failure(clientOf(server.config).get(pods, ref));
    expect(error).toMatchObject({ status: { code: 502, message: 'the server answered 502: Bad gateway' } });
  });

  test('429 and 503 are waited out as the server says, a limited number of times', async () => {
    let left = 2;
    const server = await stub((_, response) => {
      left -= 1;
      if (left >= 0) refuse(response, left === 1 ? 429 : 503, 'TooManyRequests', { 'retry-after': '0' });
      else answerJson(response, 200, pod);
    });
    await expect(clientOf(server.config).get(pods, ref)).resolves.toEqual(pod);
    expect(server.requests).toHaveLength(3);
    left = 100;
    expect(await failure(clientOf(server.config).get(pods, ref))).toBeInstanceOf(ApiError);
    expect(server.requests).toHaveLength(7);
  });

  test('what must not be repeated is not: a create after 503, an eviction after 429, a long wait', async () => {
    const server = await stub((request, response) => {
      const eviction = request.url.includes('eviction');
      refuse(response, eviction ? 429 : 503, 'X', { 'retry-after': request.method === 'GET' ? '60' : '0' });
    });
    const client = clientOf(server.config);
    expect(await failure(client.create(pods, pod))).toBeInstanceOf(ApiError);
    expect(await failure(client.create(pods, pod, { subresource: 'eviction' }))).toBeInstanceOf(ApiError);
    expect(await failure(client.get(pods, ref))).toMatchObject({ retryAfterSeconds: 60 });
    expect(server.requests).toHaveLength(3);
  });

  test('a reset before the answer is repeated for reads alone', async () => {
    let resets = 1;
    const server = await stub((_, response, socket) => {
      resets -= 1;
      if (resets >= 0) socket.destroy();
      else answerJson(response, 200, pod);
    });
    const client = clientOf(server.config);
    await expect(client.get(pods, ref)).resolves.toEqual(pod);
    expect(server.requests).toHaveLength(2);
    resets = 1;
    expect(await failure(client.create(pods, pod))).toMatchObject({ code: 'ECONNRESET' });
    expect(server.requests).toHaveLength(3);
  });

  test('401 refreshes the credentials once', async () => {
    const server = await stub((request, response) =>
      request.headers.authorization === 'Bearer good'
        ? answerJson(response, 200, pod)
        : refuse(response, 401, 'Unauthorized'),
    );
    let token = 'old';
    let next = 'good';
    const credentials: Credentials = {
      current: () => ({ token }),
      refused() {
        token = next;
        return true;
      },
    };
    const client = clientOf(server.configWith(credentials));
    await expect(client.get(pods, ref)).resolves.toEqual(pod);
    expect(server.requests).toHaveLength(2);
    token = 'old';
    next = 'worse';
    expect(await failure(client.get(pods, ref))).toMatchObject({ status: { reason: 'Unauthorized' } });
    expect(server.requests).toHaveLength(4);
  });
});

describe('what is sent', () => {
  test('patches by their type, apply with force, dry run, field manager, impersonation', async () => {
    const server = await stub((_, response) => answerJson(response, 200, pod));
    const impersonate = { user: 'ada', groups: ['g', 'h'], extra: { 'example.org/Reason': ['r'] } };
    const client = clientOf({ ...server.config, impersonate }, { userAgent: 'me/1' });
    await client.patch(pods, ref, { type: 'merge', body: { a: null } });
    await client.patch(pods, ref, { type: 'strategic', body: {} }, { dryRun: true });
    await client.patch(pods, ref, { type: 'json', body: [] }, { subresource: 'status', fieldManager: 'f' });
    await client.apply(pods, pod, { fieldManager: 'f', fieldValidation: 'Strict' });
    await client.apply(pods, pod, { fieldManager: 'f', force: false });
    await client.delete(pods, ref, {
      preconditions: { uid: 'u' },
      gracePeriodSeconds: 0,
      propagationPolicy: 'Foreground',
    });
    const base = '/api/v1/namespaces/n/pods/a';
    expect(server.requests.map(({ method, url, headers }) => [method, url, headers['content-type']])).toEqual([
      ['PATCH', base, 'application/merge-patch+json'],
      ['PATCH', `${base}?dryRun=All`, 'application/strategic-merge-patch+json'],
      ['PATCH', `${base}/status?fieldManager=f`, 'application/json-patch+json'],
      ['PATCH', `${base}?fieldManager=f&fieldValidation=Strict&force=true`, 'application/apply-patch+yaml'],
      ['PATCH', `${base}?fieldManager=f&force=false`, 'application/apply-patch+yaml'],
      ['DELETE', base, 'application/json'],
    ]);
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'me/1',
      'impersonate-user': 'ada',
      'impersonate-group': 'g, h',
      'impersonate-extra-example.org%2freason': 'r',
    });
    expect(JSON.parse(server.requests[0]!.body)).toEqual({ a: null });
    expect(JSON.parse(server.requests[5]!.body)).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    });
  });

  test('what cannot be addressed is refused before it is sent', async () => {
    const client = clientOf({
      server: 'https://127.0.0.1:1',
      namespace: 'x',
      source: '',
      authorities: () => undefined,
      credentials: { current: () => ({}), refused: () => false },
    });
    expect(() => client.create(pods, { ...pod, metadata: { name: 'a' } })).toThrow('name the namespace');
    expect(() => client.replace(pods, { ...pod, metadata: { namespace: 'n' } })).toThrow('no metadata.name');
    await expect(client.deleteCollection(pods, {})).rejects.toThrow('name the namespace');
  });
});

describe('lists', () => {
  test('pages are joined, and items get what the server leaves out', async () => {
    const server = await stub((request, response) => {
      const second = request.url.includes('continue=');
      answerJson(response, 200, {
        metadata: second ? { resourceVersion: '7' } : { resourceVersion: '7', continue: 'more' },
        items: second ? [item('c')] : [item('a'), item('b')],
      });
    });
    const list = await clientOf(server.config).list(configMaps, {
      namespace: 'n',
      pageSize: 2,
      resourceVersion: '5',
      resourceVersionMatch: 'NotOlderThan',
    });
    expect(list.resourceVersion).toBe('7');
    expect(list.items.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
      ['v1', 'ConfigMap', 'a'],
      ['v1', 'ConfigMap', 'b'],
      ['v1', 'ConfigMap', 'c'],
    ]);
    expect(server.requests.map(({ url }) => url.split('?')[1])).toEqual([
      'limit=2&resourceVersion=5&resourceVersionMatch=NotOlderThan',
      'limit=2&continue=more',
    ]);
  });

  test('a list that was overtaken between its pages is taken in one piece', async () => {
    const server = await stub((request, response) => {
      if (request.url.includes('continue=')) refuse(response, 410, 'Expired');
      else if (request.url.includes('limit='))
        answerJson(response, 200, { metadata: { continue: 'more' }, items: [item('a')] });
      else answerJson(response, 200, { metadata: { resourceVersion: '9' }, items: [item('x'), item('y')] });
    });
    const list = await clientOf(server.config).list(configMaps, { pageSize: 1 });
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['x', 'y']);
    expect(list.resourceVersion).toBe('9');
  });

  test('compression is asked for where the configuration says it pays, and undone', async () => {
    const server = await stub((request, response) => {
      if (request.headers['accept-encoding'] !== 'gzip') return answerJson(response, 200, pod);
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify({ metadata: {}, items: [item('zipped')] })));
    });
    const client = clientOf({ ...server.config, compress: true });
    expect((await client.list(configMaps)).items[0]?.metadata.name).toBe('zipped');
    await expect(client.get(pods, ref)).resolves.toEqual(pod);
  });

  test('an empty list of null is empty', async () => {
    const server = await stub((_, response) =>
      answerJson(response, 200, { metadata: { resourceVersion: '1' }, items: null }),
    );
    expect(await clientOf(server.config).list(configMaps)).toEqual({ items: [], resourceVersion: '1' });
  });
});

describe('the limit', () => {
  test('lets a burst through at once, then so many each second, and what is aborted meanwhile goes', async () => {
    const clock = new ManualClock();
    const server = await stub((_, response) => answerJson(response, 200, pod));
    const client = clientOf(server.config, { clock, qps: 10, burst: 2 });
    await client.get(pods, ref);
    await client.get(pods, ref);
    const abort = new AbortController();
    const aborted = failure(client.get(pods, ref, { signal: abort.signal }));
    const waiting = client.get(pods, ref);
    await settled();
    expect(server.requests).toHaveLength(2);
    abort.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    clock.advance(200);
    await waiting;
    expect(server.requests).toHaveLength(3);
  });

  test('one that lets nothing through is refused', async () => {
    const server = await stub(() => {});
    expect(() => clientOf(server.config, { qps: 0 })).toThrow(RangeError);
    expect(() => clientOf(server.config, { qps: 5, burst: 0 })).toThrow(RangeError);
  });
});

describe('around the calls', () => {
  test('every request is measured, also one that got no answer', async () => {
    const measures: RequestMeasure[] = [];
    let turn = 0;
    const server = await stub((_, response, socket) => {
      turn += 1;
      if (turn === 1) answerJson(response, 200, pod);
      else if (turn === 2) refuse(response, 404, 'NotFound');
      else socket.destroy();
    });
    const client = clientOf(server.config, { onRequest: (measure) => measures.push(measure) });
    await client.get(pods, ref);
    await failure(client.get(pods, ref));
    await failure(client.create(pods, pod));
    expect(measures.map(({ verb, method, code }) => [verb, method, code])).toEqual([
      ['get', 'GET', 200],
      ['get', 'GET', 404],
      ['create', 'POST', undefined],
    ]);
    expect(measures.every(({ seconds, host }) => seconds >= 0 && host.startsWith('127.0.0.1:'))).toBe(true);
  });

  test('a call can be cut before it is sent and after it was answered', async () => {
    const server = await stub((_, response) => answerJson(response, 201, pod));
    const cut = new Error('cut');
    let after = false;
    const client = clientOf(server.config, {
      intercept: async (call, send) => {
        expect(call).toMatchObject({ verb: 'create', ref: { name: 'a', namespace: 'n' }, body: pod });
        if (after) await send();
        throw cut;
      },
    });
    expect(await failure(client.create(pods, pod))).toBe(cut);
    expect(server.requests).toHaveLength(0);
    after = true;
    expect(await failure(client.create(pods, pod))).toBe(cut);
    expect(server.requests).toHaveLength(1);
  });

  test('a watch that is cut after it was opened leaves no connection', async () => {
    const server = await stub((_, response) => {
      response.writeHead(200);
      response.write('\n');
    });
    const client = clientOf(server.config, {
      intercept: async (_, send) => {
        await send();
        throw new Error('cut');
      },
    });
    await expect(client.watch(pods, {})[Symbol.asyncIterator]().next()).rejects.toThrow('cut');
    await server.allClosed();
  });

  test('warnings are shown as text', async () => {
    const server = await stub((_, response) =>
      answerJson(response, 200, pod, { warning: '299 - "first \\"quoted\\", with comma", 299 - "second"' }),
    );
    const texts: string[] = [];
    await clientOf(server.config, { onWarning: (text) => texts.push(text) }).get(pods, ref);
    expect(texts).toEqual(['first "quoted", with comma', 'second']);
  });

  test('new authorities or a new certificate take new connections, and the old ones end', async () => {
    const server = await stub((_, response) => answerJson(response, 200, pod));
    const { certificate } = await selfSigned();
    let authorities = server.config.authorities();
    const client = clientOf({ ...server.config, authorities: () => authorities });
    await client.get(pods, ref);
    authorities = `${authorities}\n${certificate}`;
    await client.get(pods, ref);
    await client.get(pods, ref);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2, 2]);
  });

  test('an answer that is no JSON is text for raw', async () => {
    const server = await stub((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end('ok');
    });
    await expect(clientOf(server.config).raw('GET', '/readyz')).resolves.toBe('ok');
  });

  test('410 is told apart', async () => {
    const server = await stub((_, response) => refuse(response, 410, 'Gone'));
    expect(isExpired(await failure(clientOf(server.config).get(pods, ref)))).toBe(true);
  });
});
