import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../engine/engine.ts';
import { openEchoEngine } from '../engine/echo/engine.ts';
import { testServer } from '../testing/server.ts';
import type { TestServer } from '../testing/server.ts';

async function socketTo(server: TestServer): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** All that the server sends until it closes the connection. */
async function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

function rawPost(path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const long = (more: object = {}) =>
  JSON.stringify({ model: 'echo', prompt: 'x'.repeat(3000), max_tokens: 3000, ...more });
const idle = (server: TestServer) =>
  expect
    .poll(() => [server.engine.stats().running, server.service.loaded!.generations.admitted], { timeout: 20_000 })
    .toEqual([0, 0]);
const busy = (server: TestServer) => expect.poll(() => server.engine.stats().running, { timeout: 20_000 }).toBe(1);

describe('slow and broken clients', () => {
  it('are cut off when their head does not come', async () => {
    await using server = await testServer({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const socket = await socketTo(server);
    socket.write('POST /chat HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(await received(socket)).toContain('408');
  });

  it('are cut off when their body does not come', async () => {
    await using server = await testServer({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 150 } });
    const socket = await socketTo(server);
    socket.write('POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"prompt"');
    await received(socket);
    expect((await server.post('/chat', { prompt: 'next' })).status).toBe(200);
    expect(server.internalErrors).toEqual([]);
  });

  it.each([
    ['closes', (socket: Socket) => socket.destroy()],
    ['half-closes', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ])('leave their place when one %s its connection while it waits for an answer', async (_, leave) => {
    for (const stream of [false, true]) {
      await using server = await testServer({ echo: { tokenDelayMs: 2 } });
      const socket = await socketTo(server);
      socket.write(rawPost('/v1/completions', long({ stream })));
      await busy(server);
      leave(socket);
      await idle(server);
      expect(server.engine.stats().completionTokens).toBeLessThan(3000);
      expect(server.internalErrors).toEqual([]);
    }
  });

  it('do not hold a place by not reading their stream', async () => {
    await using server = await testServer({ service: { stallMs: 100 }, echo: { contextLength: 200_000 } });
    const socket = await socketTo(server);
    socket.pause();
    socket.write(
      rawPost('/v1/completions', long({ stream: true, max_tokens: 190_000, ignore_eos: true, logprobs: 5 })),
    );
    await busy(server);
    await idle(server);
    expect(server.engine.stats().completionTokens).toBeLessThan(190_000);
    socket.destroy();
  });

  it('send heads that are too long, and get 431', async () => {
    await using server = await testServer();
    const socket = await socketTo(server);
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(await received(socket)).toContain('431');
  });

  it('send what is no HTTP, and get 400', async () => {
    await using server = await testServer();
    const socket = await socketTo(server);
    socket.write('\u0016\u0003\u0001 hello\r\n\r\n');
    expect(await received(socket)).toContain('400');
  });
});

describe('bodies', () => {
  it.each([true, false])('of 100 MB get 413 and are not read, length declared: %s', async (declared) => {
    await using server = await testServer();
    const before = process.memoryUsage().rss;
    const size = 100 * 1024 * 1024;
    const headers = declared ? { 'Content-Length': size } : { 'Transfer-Encoding': 'chunked' };
    const request = httpRequest({ port: server.port, host: '127.0.0.1', path: '/chat', method: 'POST', headers });
    request.on('error', () => {});
    const piece = Buffer.alloc(65_536, 'x');
    let sent = 0;
    const push = () => {
      while (sent < size && !request.destroyed) {
        sent += piece.length;
        if (!request.write(piece)) return void request.once('drain', push);
      }
    };
    const answered = once(request, 'response') as Promise<[{ statusCode: number; resume: () => void }]>;
    push();
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    response.resume();
    request.destroy();
    expect(sent).toBeLessThan(size);
    expect(process.memoryUsage().rss - before).toBeLessThan(size / 2);
    expect((await server.post('/chat', { prompt: 'next' })).status).toBe(200);
  });

  it('announced by Expect: 100-continue are refused before they come', async () => {
    await using server = await testServer({ service: { maxBodyBytes: 2048 } });
    const socket = await socketTo(server);
    socket.write('POST /chat HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4096\r\n\r\n');
    const text = await received(socket);
    expect(text).toContain('413');
    expect(text).not.toContain('100 Continue');
  });

  it.each([
    ['/chat', '{"prompt":', 'not valid JSON'],
    ['/chat', '{"prompt":"x","generate_kwargs":{"temperature":NaN}}', 'not valid JSON'],
    ['/v1/completions', '[', 'not valid JSON'],
  ])('that are no JSON get 400 at %s', async (path, body, text) => {
    await using server = await testServer();
    const response = await server.post(path, body);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(text);
  });

  it('that are no UTF-8 get 400, compressed ones 415, none 422', async () => {
    await using server = await testServer();
    const send = (body: Uint8Array<ArrayBuffer> | undefined, headers: Record<string, string> = {}) =>
      fetch(`${server.url}/chat`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
    const wrong = await send(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));
    expect([wrong.status, await wrong.json()]).toEqual([400, { detail: 'The request body is not valid UTF-8.' }]);
    expect((await send(new Uint8Array([1]), { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await send(undefined)).status).toBe(422);
  });
});

describe('admission', () => {
  it('answers 429 with Retry-After when the queue is full, and serves again afterwards', async () => {
    await using server = await testServer({
      echo: { parallel: 1, tokenDelayMs: 2 },
      service: { generation: { maxQueue: 1, requestTimeoutMs: 60_000 } },
    });
    const cancel = new AbortController();
    const held = [1, 2].map(() =>
      fetch(`${server.url}/v1/completions`, { method: 'POST', body: long(), signal: cancel.signal }).catch(
        () => 'gone',
      ),
    );
    await expect.poll(() => server.service.loaded!.generations.admitted, { timeout: 20_000 }).toBe(2);
    const full = await server.post('/v1/chat/completions', {
      model: 'echo',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(full.status).toBe(429);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await full.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'queue_full' } });
    expect((await server.post('/chat', { prompt: 'hi' })).status).toBe(429);
    cancel.abort();
    expect(await Promise.all(held)).toEqual(['gone', 'gone']);
    await idle(server);
    expect((await server.post('/chat', { prompt: 'hi' })).status).toBe(200);
  });

  it('gives a request only so long', async () => {
    await using server = await testServer({
      echo: { tokenDelayMs: 5 },
      service: { generation: { maxQueue: 1, requestTimeoutMs: 60 } },
    });
    const whole = await server.post('/v1/completions', long());
    expect([whole.status, await whole.json()]).toMatchObject([504, { error: { code: 'request_timeout' } }]);
    const streamed = await (await server.post('/v1/completions', long({ stream: true }))).text();
    expect(streamed).toContain('request_timeout');
    expect(streamed).not.toContain('[DONE]');
    await idle(server);
  });

  it('waits for the model, with 503', async () => {
    await using server = await testServer({ loading: true });
    const health = await fetch(`${server.url}/healthz`);
    expect([health.status, await health.json()]).toEqual([503, { status: 'loading' }]);
    const early = await server.post('/chat', { prompt: 'hi' });
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(503);
    server.service.ready(server.engine);
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'Healthy' });
  });
});

/** The echo engine, which throws after so many events. */
const failing = (after: number, error: unknown) => {
  const echo = openEchoEngine({ loadedAt: '2026-01-01T00:00:00Z' });
  return {
    ...echo,
    async *generate(...args: Parameters<typeof echo.generate>) {
      let count = 0;
      for await (const event of echo.generate(...args)) {
        if (count++ >= after) throw error;
        yield event;
      }
    },
  };
};

describe('an engine that fails', () => {
  it('mid-answer is a 500 that tells nothing of the inside, or an error in the stream', async () => {
    await using server = await testServer({ engine: failing(3, new Error('secret /path')) });
    const kaito = await server.post('/chat', { prompt: 'abcdef' });
    expect([kaito.status, await kaito.json()]).toEqual([500, { detail: 'Internal Server Error' }]);
    const streamed = await (await server.post('/v1/completions', long({ stream: true }))).text();
    expect(streamed).toContain('"code":"internal_error"');
    expect(streamed).not.toContain('secret');
    expect(server.internalErrors).toHaveLength(2);
    await idle(server);
  });

  it('at its start keeps its own status, streamed or not', async () => {
    await using server = await testServer({
      engine: failing(0, new EngineError('InvalidGrammar', 'No such grammar.')),
    });
    for (const stream of [false, true])
      expect((await server.post('/v1/completions', long({ stream }))).status).toBe(400);
  });
});

describe('the surface', () => {
  it('words errors as each API does', async () => {
    await using server = await testServer();
    expect(await (await fetch(`${server.url}/nothing`)).json()).toEqual({ detail: 'Not Found' });
    expect(await (await fetch(`${server.url}/v1/nothing`)).json()).toMatchObject({ error: { code: 'unknown_url' } });
    const wrong = await fetch(`${server.url}/chat`);
    expect([wrong.status, wrong.headers.get('allow'), await wrong.json()]).toEqual([
      405,
      'POST',
      { detail: 'Method Not Allowed' },
    ]);
    expect((await fetch(`${server.url}/v1/models`, { method: 'DELETE' })).status).toBe(405);
    expect(await (await fetch(server.url)).json()).toEqual(['Server is running', 200]);
  });

  it('asks for its key everywhere but at /healthz', async () => {
    await using server = await testServer({ apiKey: 'k3y' });
    const status = async (path: string, authorization?: string) =>
      (await fetch(server.url + path, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status('/healthz')).toBe(200);
    for (const path of ['/', '/metrics', '/v1/models', '/nothing']) expect(await status(path)).toBe(401);
    expect(await status('/', 'Bearer k3y')).toBe(200);
    expect(await status('/', 'Bearer k3y2')).toBe(401);
    expect(await status('/', 'Basic k3y')).toBe(401);
    const refused = await fetch(`${server.url}/v1/models`);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
  });

  it('gives each request an id, or keeps a sane one', async () => {
    await using server = await testServer();
    const id = async (given?: string) =>
      (await fetch(server.url, given === undefined ? {} : { headers: { 'X-Request-Id': given } })).headers.get(
        'x-request-id',
      );
    expect(await id('trace-1')).toBe('trace-1');
    expect(await id('not a b c')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await id()).not.toBe(await id());
  });
});
