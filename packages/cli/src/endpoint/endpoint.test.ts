import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Failure } from '../failure.ts';
import { ask, converse, curlLine, type Endpoint, quoted } from './endpoint.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Answer = (request: IncomingMessage, body: Record<string, unknown>, response: ServerResponse) => void;

/** A server on loopback that answers as told; `/v1/models` names one model. */
async function serving(answer: Answer): Promise<Endpoint> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/v1/models') response.end('{"data":[{"id":"m"}]}');
      else answer(request, JSON.parse(text) as Record<string, unknown>, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const { signal } = new AbortController();
const chunk = (content: string, end: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: end }] })}\n\n`;

async function all(pieces: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

async function failureOf(work: Promise<unknown>): Promise<Failure['findings'][number]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).findings[0]!;
}

test('a conversation is streamed piece by piece, with the sampling and the key that were given', async () => {
  const seen: unknown[] = [];
  const endpoint = await serving((request, body, response) => {
    seen.push(request.headers.authorization, body);
    response.end(`${chunk('Hel')}${chunk('')}${chunk('lo')}${chunk('', 'stop')}data: [DONE]\n\n`);
  });
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  const options = { maxTokens: 5, temperature: 0, seed: 7 };
  expect(await all(converse({ ...endpoint, apiKey: 'k' }, messages, options, signal))).toEqual(['Hel', 'lo']);
  expect(seen).toEqual([
    'Bearer k',
    { model: 'm', messages, stream: true, max_completion_tokens: 5, temperature: 0, seed: 7 },
  ]);
});

test('an answer that breaks off is said to', async () => {
  const endpoint = await serving((_, __, response) => response.end(chunk('Hel')));
  expect((await failureOf(all(converse(endpoint, [], {}, signal)))).code).toBe('AnswerCutOff');
});

test('an error in the stream is told', async () => {
  const endpoint = await serving((_, __, response) =>
    response.end(`${chunk('x')}data: {"error":{"message":"It broke.","code":"engine_failed"}}\n\n`),
  );
  expect(await failureOf(all(converse(endpoint, [], {}, signal)))).toMatchObject({
    code: 'engine_failed',
    message: 'It broke.',
  });
});

test('POST /chat gives the Result', async () => {
  const endpoint = await serving((_, body, response) => response.end(JSON.stringify({ Result: JSON.stringify(body) })));
  expect(JSON.parse(await ask(endpoint, 'Q', signal))).toEqual({ prompt: 'Q', generate_kwargs: { max_length: 200 } });
});

test.each([
  [400, '{"error":{"message":"Too long"}}', 'BadRequest', 'POST /chat answered 400: Too long.'],
  [401, '{"error":"no"}', 'Unauthorized', 'POST /chat answered 401: no.'],
  [429, '{"detail":"full"}', 'Busy', 'POST /chat answered 429: full.'],
  [500, 'what\u001B[2J', 'ServerError', 'POST /chat answered 500: what.'],
])('a refusal with %d is told with what the server said', async (status, text, code, message) => {
  const endpoint = await serving((_, __, response) => {
    response.writeHead(status, { 'retry-after': '3' });
    response.end(text);
  });
  expect(await failureOf(ask(endpoint, 'Q', signal))).toMatchObject({ code, message });
});

test('a server that is not there is Unreachable', async () => {
  const endpoint = await serving(() => {});
  await open.splice(0)[0]?.();
  expect((await failureOf(ask(endpoint, 'Q', signal))).code).toBe('Unreachable');
});

test('the curl line is ready for a shell', () => {
  expect(curlLine({ url: 'http://127.0.0.1:5000' })).toBe(
    [
      'curl -X POST http://127.0.0.1:5000/chat',
      '-H "accept: application/json"',
      '-H "Content-Type: application/json"',
      `-d '{"prompt":"Who is Inigo Montoya and from what movie?","generate_kwargs":{"max_length":200}}'`,
    ].join(' \\\n  '),
  );
  expect(curlLine({ url: 'http://h' }, "a'b")).toContain(String.raw`$(cat 'a'\''b')`);
  expect(quoted('/plain/path')).toBe('/plain/path');
});
