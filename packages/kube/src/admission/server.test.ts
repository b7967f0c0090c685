import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { fixedCertificate } from './certificates/serving-certificate.ts';
import type { KeyPair, ServingCertificate } from './certificates/serving-certificate.ts';
import type { AdmissionHandler, AdmissionRequest } from './review.ts';
import { createAdmissionServer } from './server.ts';
import type { AdmissionServer, AdmissionServerOptions } from './server.ts';
import { ReviewClient, reviewOf } from './testing/review-client.ts';
import { testCertificate } from './testing/test-certificate.ts';

const path = '/validate/thing';
const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'one', namespace: 'default' } };
let first: { readonly authorities: string; readonly pair: KeyPair };
let second: typeof first;
const ends: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  first = await testCertificate();
  second = await testCertificate();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Running {
  readonly server: AdmissionServer;
  readonly client: ReviewClient;
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

async function serve(handler: AdmissionHandler, options: Partial<AdmissionServerOptions> = {}): Promise<Running> {
  const server = createAdmissionServer({
    host: '127.0.0.1',
    port: 0,
    handlers: { [path]: handler },
    certificate: fixedCertificate(first.pair),
    clock: systemClock,
    logger: silentLogger,
    drainMs: 0,
    ...options,
  });
  const ending = new AbortController();
  const ended = server.run(ending.signal);
  await server.ready!(ending.signal);
  const client = new ReviewClient(server.url!, first.authorities + second.authorities);
  const stop = () => ending.abort(new Error('the test is over'));
  ends.push(() => {
    client.close();
    stop();
    return ended;
  });
  return { server, client, stop, ended };
}

test('hands the request to the handler of its path, and the verdict back', async () => {
  let seen: AdmissionRequest | undefined;
  const { client } = await serve((request) => {
    seen = request;
    return { allowed: true, warnings: ['mind the gap'], patch: [{ op: 'add', path: '/x', value: 1 }] };
  });
  const review = await client.review(`${path}?timeout=10s`, reviewOf(thing, { uid: 'abc' }));
  expect(seen).toMatchObject({ uid: 'abc', operation: 'CREATE', object: thing, oldObject: null, name: 'one' });
  expect(review).toEqual({
    uid: 'abc',
    allowed: true,
    warnings: ['mind the gap'],
    patchType: 'JSONPatch',
    patch: Buffer.from('[{"op":"add","path":"/x","value":1}]').toString('base64'),
  });
});

test('a refusal carries code, reason, message and causes, and never a patch', async () => {
  const { client } = await serve(async () => ({
    allowed: false,
    code: 422,
    reason: 'Invalid',
    message: 'too small',
    causes: [{ reason: 'TooSmall', message: 'too small', field: 'spec.size' }],
    patch: [{ op: 'remove', path: '/x' }],
  }));
  expect(await client.review(path, reviewOf(thing))).toEqual({
    uid: 'uid-1',
    allowed: false,
    status: {
      status: 'Failure',
      code: 422,
      reason: 'Invalid',
      message: 'too small',
      details: { causes: [{ reason: 'TooSmall', message: 'too small', field: 'spec.size' }] },
    },
  });
});

test.each([
  [
    'throws',
    () => {
      throw new Error('secret detail');
    },
  ],
  ['rejects', () => Promise.reject(new Error('secret detail'))],
  ['returns what JSON cannot hold', () => ({ allowed: true, patch: [{ op: 'add', path: '/', value: 1n }] })],
] as [string, AdmissionHandler][])('a handler that %s is a refusal, and told in the log', async (_, handler) => {
  const lines: unknown[][] = [];
  const logger: Logger = { log: (...line) => void lines.push(line), with: () => logger };
  const codes: number[] = [];
  const metrics = () => ({ started: () => {}, finished: (code: number) => void codes.push(code) });
  const { client } = await serve(handler, { logger, metrics });
  const { allowed, status } = await client.review(path, reviewOf(thing));
  expect({ allowed, status }).toEqual({
    allowed: false,
    status: { status: 'Failure', code: 500, reason: 'InternalError', message: 'internal error' },
  });
  expect(lines.filter(([level]) => level === 'error')).toMatchObject([
    ['error', expect.stringContaining('handler failed'), { kind: 'Thing', name: 'one', user: 'ada' }],
  ]);
  expect(codes).toEqual([500]);
});

test('gives up a handler that says nothing', async () => {
  const clock = new ManualClock();
  const asked = Promise.withResolvers<void>();
  const never = () => {
    asked.resolve();
    return new Promise<never>(() => {});
  };
  const { client } = await serve(never, { clock, handlerTimeoutMs: 5_000 });
  const review = client.review(path, reviewOf(thing));
  await asked.promise;
  await vi.waitFor(() => expect(clock.pending).toBe(1));
  clock.advance(5_000);
  expect((await review).status).toMatchObject({ code: 500, message: 'internal error' });
});

const good = JSON.stringify(reviewOf(thing));
const json = { 'content-type': 'application/json' };
const without = (field: string) =>
  JSON.stringify({ ...reviewOf(thing), request: { ...reviewOf(thing).request, [field]: undefined } });

test.each([
  ['another path', '/elsewhere', good, {}, 404, /no webhook at this path/],
  ['another method', path, '', { method: 'GET' }, 405, /POST only/],
  ['no content type', path, good, { headers: {} }, 415, /not application\/json/],
  ['YAML', path, good, { headers: { 'content-type': 'application/yaml' } }, 415, /"application\/yaml" is not/],
  ['nothing', path, '', {}, 400, /not JSON/],
  ['half an object', path, good.slice(0, 40), {}, 400, /not JSON/],
  ['a list', path, '[]', {}, 400, /no AdmissionReview/],
  [
    'v1beta1',
    path,
    good.replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'),
    {},
    400,
    /no AdmissionReview of admission.k8s.io\/v1/,
  ],
  ['no request', path, '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', {}, 400, /no request/],
  ['no uid', path, without('uid'), {}, 400, /no uid/],
  ['no operation', path, without('operation'), {}, 400, /no operation/],
  ['no kind', path, without('kind'), {}, 400, /no kind/],
  ['text for an object', path, JSON.stringify(reviewOf('text')), {}, 400, /object is no object/],
  ['too much', path, 'x'.repeat(2_000_000), {}, 413, /larger than 1000000 bytes/],
  [
    'too much in pieces',
    path,
    'x'.repeat(2_000_000),
    { headers: { ...json, 'transfer-encoding': 'chunked' } },
    413,
    /larger/,
  ],
] as const)('answers %s with a Status, and goes on', async (_, to, body, options, status, message) => {
  const { client } = await serve(() => ({ allowed: true }), { maxBodyBytes: 1_000_000 });
  const answer = await client.send(to, body, options);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
  expect((JSON.parse(answer.body) as { message: string }).message).toMatch(message);
  expect((await client.review(path, reviewOf(thing))).allowed).toBe(true);
});

test('takes the charset that some clients add', async () => {
  const { client } = await serve(() => ({ allowed: true }));
  const answer = await client.send(path, good, { headers: { 'content-type': 'Application/JSON; charset=utf-8' } });
  expect(answer.status).toBe(200);
});

test('keeps connections, and counts requests by HTTP status', async () => {
  const told: unknown[][] = [];
  const metrics = (name: string) => ({
    started: () => void told.push([name, 'started']),
    finished: (code: number, seconds: number) => void told.push([name, code, seconds >= 0]),
  });
  const { client } = await serve(() => ({ allowed: true }), { metrics });
  const answers = [await client.send(path, good), await client.send(path, good), await client.send(path, '')];
  expect(new Set(answers.map(({ localPort }) => localPort)).size).toBe(1);
  expect(told).toEqual(
    [200, 200, 400].flatMap((code) => [
      [path, 'started'],
      [path, code, true],
    ]),
  );
});

test('takes a new certificate without ending a connection', async () => {
  const handlers = new Set<(pair: KeyPair) => void>();
  const certificate: ServingCertificate = {
    ...fixedCertificate(first.pair),
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  const { server, client } = await serve(() => ({ allowed: true }), { certificate });
  const before = await client.send(path, good);
  for (const handler of handlers) handler(second.pair);
  const kept = await client.send(path, good);
  expect(kept.localPort).toBe(before.localPort);
  const another = new ReviewClient(server.url!, second.authorities);
  ends.push(() => another.close());
  const after = await another.send(path, good);
  expect(after.status).toBe(200);
  expect(after.certificate).not.toBe(before.certificate);
});

test('waits for its first certificate', async () => {
  const coming = Promise.withResolvers<KeyPair>();
  const server = createAdmissionServer({
    host: '127.0.0.1',
    port: 0,
    handlers: {},
    certificate: {
      ...fixedCertificate(first.pair),
      whenReady: () => coming.promise,
      problem: () => 'the Secret is not there',
    },
    clock: systemClock,
    logger: silentLogger,
    drainMs: 0,
  });
  const ending = new AbortController();
  const ended = server.run(ending.signal);
  expect(server.notReady!()).toBe('the Secret is not there');
  coming.resolve(first.pair);
  await server.ready!(ending.signal);
  expect(server.notReady!()).toBeUndefined();
  ending.abort();
  await ended;
});

test('stops at once while it waits for a certificate', async () => {
  const server = createAdmissionServer({
    host: '127.0.0.1',
    port: 0,
    handlers: {},
    certificate: { ...fixedCertificate(first.pair), whenReady: () => new Promise<never>(() => {}) },
    clock: systemClock,
    logger: silentLogger,
  });
  const ending = new AbortController();
  const ended = server.run(ending.signal);
  const ready = server.ready!(ending.signal);
  ending.abort(new Error('stopping'));
  await ended;
  await expect(ready).rejects.toThrow('stopping');
});

test('says that its port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  ends.push(() => new Promise((resolve) => other.close(resolve)));
  const { port } = other.address() as AddressInfo;
  const server = createAdmissionServer({
    host: '127.0.0.1',
    port,
    handlers: {},
    certificate: fixedCertificate(first.pair),
    clock: systemClock,
    logger: silentLogger,
  });
  const { signal } = new AbortController();
  const ready = expect(server.ready!(signal)).rejects.toThrow('EADDRINUSE');
  await expect(server.run(signal)).rejects.toThrow('EADDRINUSE');
  await ready;
});

test('finishes what it has begun before it stops, and ends idle connections', async () => {
  const verdict = Promise.withResolvers<{ allowed: true }>();
  const asked = Promise.withResolvers<void>();
  const { server, client, stop, ended } = await serve(({ uid }) => {
    if (uid === 'quick') return { allowed: true };
    asked.resolve();
    return verdict.promise;
  });
  const idle = new ReviewClient(server.url!, first.authorities);
  ends.push(() => idle.close());
  await idle.review(path, reviewOf(thing, { uid: 'quick' }));
  // One that has connected and says nothing may not hold up the end either.
  const silent = connect({ port: Number(new URL(server.url!).port), host: '127.0.0.1', rejectUnauthorized: false });
  await once(silent, 'secureConnect');
  const begun = client.send(path, JSON.stringify(reviewOf(thing, { uid: 'slow' })));
  await asked.promise;
  stop();
  verdict.resolve({ allowed: true });
  const answer = await begun;
  expect(answer.status).toBe(200);
  expect(answer.headers.connection).toBe('close');
  await ended;
  await expect(idle.review(path, reviewOf(thing))).rejects.toThrow('ECONNREFUSED');
  silent.destroy();
});

test('goes on taking connections for a while after the signal', async () => {
  const clock = new ManualClock();
  const { server, stop, ended } = await serve(() => ({ allowed: true }), { clock, drainMs: 3_000 });
  stop();
  const late = new ReviewClient(server.url!, first.authorities);
  ends.push(() => late.close());
  const answer = await late.send(path, good);
  expect(answer.status).toBe(200);
  expect(answer.headers.connection).toBe('close');
  clock.advance(3_000);
  await ended;
});

test('speaks TLS 1.2 and 1.3 only', async () => {
  const { server } = await serve(() => ({ allowed: true }));
  const port = Number(new URL(server.url!).port);
  const attempt = async (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') => {
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: first.authorities,
      minVersion: version,
      maxVersion: version,
      ciphers,
    });
    try {
      await once(socket, 'secureConnect');
      return socket.getProtocol();
    } finally {
      socket.destroy();
    }
  };
  expect(await attempt('TLSv1.2')).toBe('TLSv1.2');
  expect(await attempt('TLSv1.3')).toBe('TLSv1.3');
  await expect(attempt('TLSv1.1')).rejects.toThrow(/protocol version|alert/i);
});
