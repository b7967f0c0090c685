import type { Pod } from 'kubernetes-types/core/v1.js';
import { describe, expect, test } from 'vitest';
import { pods } from '../resources.ts';
import type { Live } from '../resources.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { clientOf, failure, stub } from '../testing/stub-client.ts';
import { answerJson, refuse, selfSigned } from '../testing/stub-server.ts';
import type { RequestMeasure } from './call.ts';
import { isExpired } from './errors.ts';

const pod: Live<Pod> = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
const ref = { name: 'a', namespace: 'n' };

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

  test('raw asks for the media type that is wanted, and reads every form of JSON', async () => {
    const server = await stub((request, response) =>
      response.writeHead(200, { 'content-type': request.headers.accept }).end('{"keys":[]}'),
    );
    const client = clientOf(server.config);
    const accept = 'application/jwk-set+json';
    await expect(client.raw('GET', '/openid/v1/jwks', undefined, { accept })).resolves.toEqual({ keys: [] });
    await expect(client.raw('GET', '/version')).resolves.toEqual({ keys: [] });
    expect(server.requests.map(({ headers }) => headers['accept'])).toEqual([accept, 'application/json']);
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

test('a login that takes long can be aborted', async () => {
  const server = await stub((_, response) => answerJson(response, 200, pod));
  const login = Promise.withResolvers<{ readonly token: string }>();
  const client = clientOf(server.configWith({ current: () => login.promise, refused: () => false }));
  const abort = new AbortController();
  const aborted = failure(client.get(pods, ref, { signal: abort.signal }));
  const other = client.get(pods, ref, { signal: new AbortController().signal });
  abort.abort(new Error('enough'));
  expect(await aborted).toMatchObject({ message: 'enough' });
  login.resolve({ token: 'late' });
  await other;
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer late']);
});
