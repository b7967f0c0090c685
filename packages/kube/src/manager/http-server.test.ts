import { Counter, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { answerChecks } from './checks.ts';
import type { Check } from './checks.ts';
import { healthServer, metricsServer } from './http-server.ts';
import type { HttpServer } from './http-server.ts';

const anywhere = { host: '127.0.0.1', port: 0 };

async function served<T>(
  server: HttpServer,
  use: (get: (path: string, init?: RequestInit) => Promise<Response>) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const running = server.run(end.signal);
  await server.ready!(end.signal);
  try {
    return await use((path, init) => fetch(new URL(path, server.url), init));
  } finally {
    end.abort();
    await running;
  }
}

const well: Check = { name: 'well', check: () => undefined };
const ill: Check = { name: 'ill', check: () => 'it hurts' };

describe('checks', () => {
  test('say ok in one word, and everything when asked or failing', () => {
    expect(answerChecks('readyz', [well])).toEqual({ status: 200, body: 'ok' });
    expect(answerChecks('readyz', [well], { verbose: true }).body).toBe(
      '[+]ping ok\n[+]well ok\nreadyz check passed\n',
    );
    expect(answerChecks('readyz', [well, ill])).toEqual({
      status: 500,
      body: '[+]ping ok\n[+]well ok\n[-]ill failed: it hurts\nreadyz check failed\n',
    });
  });

  test('can be asked one by one or left out', () => {
    expect(answerChecks('readyz', [well, ill], { only: 'well' })).toEqual({ status: 200, body: 'ok' });
    expect(answerChecks('readyz', [well, ill], { only: 'ill' }).status).toBe(500);
    expect(answerChecks('readyz', [well], { only: 'other' }).status).toBe(404);
    expect(answerChecks('readyz', [well, ill], { exclude: ['ill'], verbose: true }).body).toContain(
      '[+]ill excluded: ok',
    );
  });

  test('that throw have failed', () => {
    const broken: Check = {
      name: 'broken',
      check: () => {
        throw new Error('bug');
      },
    };
    expect(answerChecks('readyz', [broken]).body).toContain('[-]broken failed: bug');
  });
});

test('the health server tells life from readiness, at the moment', async () => {
  let reason: string | undefined = 'warming up';
  const server = healthServer({ ...anywhere, ready: () => [{ name: 'caches/pods', check: () => reason }] });
  await served(server, async (get) => {
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/livez')).status).toBe(200);
    const not = await get('/readyz');
    expect([not.status, await not.text()]).toEqual([
      500,
      '[+]ping ok\n[-]caches/pods failed: warming up\nreadyz check failed\n',
    ]);
    reason = undefined;
    expect(await (await get('/readyz?verbose')).text()).toContain('[+]caches/pods ok');
    expect(await (await get('/readyz/caches/pods')).text()).toBe('ok');
    expect((await get('/readyz/none')).status).toBe(404);
    expect((await get('/other')).status).toBe(404);
    expect((await get('/readyz', { method: 'POST' })).status).toBe(405);
    expect(await (await get('/readyz', { method: 'HEAD' })).text()).toBe('');
  });
  await expect(fetch(new URL('/healthz', server.url))).rejects.toThrow('fetch failed');
});

test('the metrics server gives the registry', async () => {
  const register = new Registry();
  new Counter({ name: 'turns_total', help: 'Turns.', registers: [register] }).inc(3);
  await served(metricsServer({ ...anywhere, register }), async (get) => {
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect(await answer.text()).toContain('turns_total 3');
    expect((await get('/')).status).toBe(404);
  });
});

test('a port that is taken fails the server', async () => {
  await served(healthServer({ ...anywhere, ready: () => [] }), async (get) => {
    const port = Number(new URL((await get('/healthz')).url).port);
    const second = healthServer({ ...anywhere, port, ready: () => [] });
    await expect(second.run(new AbortController().signal)).rejects.toThrow('EADDRINUSE');
    await expect(second.ready!(new AbortController().signal)).rejects.toThrow('EADDRINUSE');
  });
});
