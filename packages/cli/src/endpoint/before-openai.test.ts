import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { converse, type Endpoint, type Message } from './endpoint.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Body = Readonly<Record<string, unknown>>;
/** The status and body of an answer. */
type Answer = readonly [status: number, body: unknown];

/** An image of KAITO 0.2: it knows nothing of `/v1`. */
async function image(answer: (path: string, body: Body) => Answer): Promise<Endpoint> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const path = request.url ?? '';
      const [status, body] = path.startsWith('/v1') ? notFound : answer(path, JSON.parse(text) as Body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const notFound: Answer = [404, { detail: 'Not Found' }];
const question: Message = { role: 'user', content: 'Who?' };
const conversation: Message[] = [
  { role: 'system', content: 'Be short.' },
  { role: 'user', content: 'Who?' },
  { role: 'assistant', content: 'Inigo.' },
  { role: 'user', content: 'Where?' },
];

async function answerOf(endpoint: Endpoint, messages: readonly Message[] = [question]): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of converse(
    endpoint,
    messages,
    { maxTokens: 9, temperature: 0.5 },
    new AbortController().signal,
  ))
    pieces.push(piece);
  expect(pieces).toHaveLength(1);
  return pieces[0]!;
}

test('text generation: a question as it is, a conversation as its transcript', async () => {
  const seen: Body[] = [];
  const endpoint = await image((path, body) => {
    seen.push(body);
    return path === '/chat' ? [200, { Result: ' Inigo Montoya\n' }] : notFound;
  });
  expect(await answerOf(endpoint)).toBe('Inigo Montoya');
  await answerOf(endpoint, conversation);
  const common = { return_full_text: false, generate_kwargs: { max_new_tokens: 9, temperature: 0.5 } };
  expect(seen).toEqual([
    { prompt: 'Who?', ...common },
    { prompt: 'System: Be short.\nUser: Who?\nAssistant: Inigo.\nUser: Where?\nAssistant:', ...common },
  ]);
});

test('the conversational pipeline answers with a message in the notation of Python', async () => {
  const answers: Record<string, string> = {
    "{'role': 'assistant', 'content': 'In\\nSpain, it\\'s said.'}": "In\nSpain, it's said.",
    [`{'role': 'assistant', 'content': "It's Spain"}`]: "It's Spain",
    'something else': 'something else',
  };
  for (const [Result, expected] of Object.entries(answers)) {
    const endpoint = await image((_, { messages }) =>
      messages === undefined ? [400, { detail: 'Conversational parameter messages required' }] : [200, { Result }],
    );
    expect(await answerOf(endpoint, conversation)).toBe(expected);
  }
});

test('llama-2 chat', async () => {
  const endpoint = await image((_, body) => {
    if (body['input_data'] === undefined) return [400, { detail: 'Input data is required' }];
    expect(body).toEqual({
      input_data: { input_string: [conversation] },
      parameters: { max_gen_len: 9, temperature: 0.5 },
    });
    return [200, { results: [[...conversation, { role: 'Assistant', content: 'Spain' }]] }];
  });
  expect(await answerOf(endpoint, conversation)).toBe('Spain');
});

test('llama-2 completion', async () => {
  const endpoint = await image((path, { prompts }) => {
    if (path !== '/generate') return notFound;
    return [200, { results: [{ prompt: (prompts as string[])[0], response: 'Inigo' }] }];
  });
  expect(await answerOf(endpoint)).toBe('Inigo');
});

test('what such a server refuses for another reason is told', async () => {
  const endpoint = await image(() => [500, { detail: 'CUDA out of memory' }]);
  await expect(answerOf(endpoint)).rejects.toMatchObject({ message: expect.stringContaining('CUDA out of memory') });
  const empty = await image(() => [200, {}]);
  await expect(answerOf(empty)).rejects.toMatchObject({ message: expect.stringContaining('without a text') });
});
