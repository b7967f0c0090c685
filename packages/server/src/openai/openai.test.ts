import OpenAI, { APIError } from 'openai';
import type { ChatCompletionTool } from 'openai/resources/chat/completions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testServer } from '../testing/server.ts';
import type { TestServer } from '../testing/server.ts';

const weather: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather of a place',
    parameters: { type: 'object', properties: { place: { enum: ['Oslo'] } }, required: ['place'] },
  },
};
const user = (content: string) => [{ role: 'user' as const, content }];

const failure = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(APIError);
  const { status, code, param, type, message } = error as APIError;
  return { status, code, param, type, message };
};

describe('the official OpenAI client, unmodified', () => {
  let server: TestServer;
  let client: OpenAI;

  beforeAll(async () => {
    server = await testServer({ echo: { embeddings: true, adapters: ['pirate'] }, apiKey: 'secret' });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'secret', maxRetries: 0 });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('lists and retrieves models', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(['echo', 'pirate']);
    expect((await client.models.retrieve('echo')).created).toBe(Date.parse('2026-01-01T00:00:00Z') / 1000);
    expect(await failure(client.models.retrieve('nope'))).toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
  });

  it('chats', async () => {
    const reply = await client.chat.completions.create({ model: 'echo', messages: user('Rain?') });
    expect(reply.choices[0]).toMatchObject({
      index: 0,
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Rain?' },
    });
    expect(reply.usage).toMatchObject({ completion_tokens: 5, total_tokens: reply.usage!.prompt_tokens + 5 });
    expect(reply).toMatchObject({ object: 'chat.completion', model: 'echo' });
  });

  it('streams a chat with usage at the end', async () => {
    const stream = await client.chat.completions.create({
      model: 'pirate',
      messages: user('Wind ü🌧️'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const reasons: string[] = [];
    let usage;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('Wind ü🌧️');
    expect(reasons).toEqual(['stop']);
    expect(usage?.completion_tokens).toBe(Buffer.byteLength(text));
  });

  it('gives n answers, whole and streamed', async () => {
    const whole = await client.chat.completions.create({
      model: 'echo',
      messages: user('abc'),
      n: 3,
      max_completion_tokens: 2,
    });
    expect(whole.choices.map((choice) => [choice.index, choice.message.content, choice.finish_reason])).toEqual([
      [0, 'ab', 'length'],
      [1, 'ab', 'length'],
      [2, 'ab', 'length'],
    ]);
    expect(whole.usage?.completion_tokens).toBe(6);
    const texts = ['', ''];
    for await (const chunk of await client.chat.completions.create({
      model: 'echo',
      messages: user('abc'),
      n: 2,
      stream: true,
    })) {
      const choice = chunk.choices[0]!;
      texts[choice.index] += choice.delta.content ?? '';
    }
    expect(texts).toEqual(['abc', 'abc']);
  });

  it('stops before a stop text', async () => {
    const reply = await client.chat.completions.create({
      model: 'echo',
      messages: user('one two three'),
      stop: [' t', 'zzz'],
    });
    expect(reply.choices[0]).toMatchObject({ message: { content: 'one' }, finish_reason: 'stop' });
  });

  it('reports log-probabilities', async () => {
    const request = { model: 'echo', messages: user('ab'), logprobs: true, top_logprobs: 2 };
    const reply = await client.chat.completions.create(request);
    const content = reply.choices[0]!.logprobs!.content!;
    expect(content.map((each) => each.token)).toEqual(['a', 'b']);
    expect(content[0]!.logprob).toBeCloseTo(Math.log(0.9));
    expect(content[0]!.top_logprobs).toHaveLength(2);
    let streamed = 0;
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      streamed += chunk.choices[0]?.logprobs?.content?.length ?? 0;
    }
    expect(streamed).toBe(2);
    const old = await client.completions.create({ model: 'echo', prompt: 'ab', logprobs: 1 });
    expect(old.choices[0]!.logprobs).toMatchObject({ tokens: ['a', 'b'], text_offset: [0, 1] });
  });

  it('holds answers to JSON and to a schema', async () => {
    const free = await client.chat.completions.create({
      model: 'echo',
      messages: user('JSON please'),
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(free.choices[0]!.message.content!)).toEqual({});
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 3 } }, required: ['n'] };
    const bound = await client.chat.completions.parse({
      model: 'echo',
      messages: user('A number'),
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } },
    });
    expect(bound.choices[0]!.message.parsed).toEqual({ n: 3 });
  });

  it.each([false, true])('calls a tool because it must, streamed: %s', async (stream) => {
    for (const tool_choice of ['required', { type: 'function', function: { name: 'weather' } }] as const) {
      const request = { model: 'echo', messages: user('Oslo?'), tools: [weather], tool_choice };
      const reply = stream
        ? await client.chat.completions.stream(request).finalChatCompletion()
        : await client.chat.completions.create(request);
      const choice = reply.choices[0]!;
      expect(choice.finish_reason).toBe('tool_calls');
      expect(choice.message.content).toBeNull();
      expect(choice.message.tool_calls).toMatchObject([
        { type: 'function', function: { name: 'weather', arguments: '{"place":"Oslo"}' } },
      ]);
    }
  });

  it.each([false, true])('finds a call that the model makes of itself, streamed: %s', async (stream) => {
    const call = '{"name":"weather","arguments":{"place":"Oslo"}}';
    const ask = async (text: string, more: object = {}) => {
      const request = { model: 'echo', messages: user(text), tools: [weather], ...more };
      const reply = stream
        ? await client.chat.completions.stream(request).finalChatCompletion()
        : await client.chat.completions.create(request);
      const { message, finish_reason: reason } = reply.choices[0]!;
      const names = (message.tool_calls ?? []).map((each) => (each.type === 'function' ? each.function.name : ''));
      return { content: message.content, names, reason };
    };
    expect(await ask(call)).toMatchObject({ names: ['weather'], reason: 'tool_calls' });
    expect(await ask(`<tool_call>${call}</tool_call>`)).toMatchObject({ names: ['weather'] });
    const two = `Let me see. <tool_call>${call}</tool_call>\n<tool_call>${call}</tool_call>`;
    expect(await ask(two)).toMatchObject({ content: 'Let me see. ', names: ['weather', 'weather'] });
    expect(await ask(two, { parallel_tool_calls: false })).toMatchObject({ names: ['weather'] });
    expect(await ask(call, { tool_choice: 'none' })).toEqual({ content: call, names: [], reason: 'stop' });
    expect(await ask('{"not":"a call"}')).toEqual({ content: '{"not":"a call"}', names: [], reason: 'stop' });
    expect(await ask('Plain <tool> words')).toEqual({ content: 'Plain <tool> words', names: [], reason: 'stop' });
  });

  it('takes a conversation with calls and their results', async () => {
    const reply = await client.chat.completions.create({
      model: 'echo',
      tools: [weather],
      messages: [
        { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', content: 'Oslo?' },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'wet' },
        { role: 'user', content: 'So?' },
      ],
    });
    expect(reply.choices[0]!.message.content).toBe('So?');
  });

  it('completes prompts, several at once, with echo, and streamed', async () => {
    const reply = await client.completions.create({
      model: 'echo',
      prompt: ['ab', 'cd'],
      n: 2,
      echo: true,
      max_tokens: 1,
    });
    expect(reply.choices.map((choice) => [choice.index, choice.text])).toEqual([
      [0, 'aba'],
      [1, 'aba'],
      [2, 'cdc'],
      [3, 'cdc'],
    ]);
    expect(reply.usage).toMatchObject({ prompt_tokens: 6, completion_tokens: 4 });
    const tokens = await client.completions.create({ model: 'echo', prompt: [104, 105] });
    expect(tokens.choices[0]!.text).toBe('hi');
    let text = '';
    for await (const chunk of await client.completions.create({ model: 'echo', prompt: 'stream me', stream: true })) {
      text += chunk.choices[0]?.text ?? '';
    }
    expect(text).toBe('stream me');
  });

  it('embeds as numbers and as base64', async () => {
    const numbers = await client.embeddings.create({ model: 'echo', input: ['rain', 'sun'], encoding_format: 'float' });
    const coded = await client.embeddings.create({ model: 'echo', input: ['rain', 'sun'] });
    expect(numbers.data).toHaveLength(2);
    expect(Math.hypot(...numbers.data[0]!.embedding)).toBeCloseTo(1, 5);
    coded.data[1]!.embedding.forEach((value, index) =>
      expect(value).toBeCloseTo(numbers.data[1]!.embedding[index]!, 6),
    );
  });

  it('ends generation when the client leaves its stream', async () => {
    await using slow = await testServer({ echo: { tokenDelayMs: 5 } });
    const other = new OpenAI({ baseURL: `${slow.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const stream = await other.chat.completions.create({
      model: 'echo',
      messages: user('x'.repeat(4000)),
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await expect.poll(() => slow.engine.stats().running, { timeout: 20_000 }).toBe(0);
    expect(slow.engine.stats().completionTokens).toBeLessThan(4000);
    expect(slow.internalErrors).toEqual([]);
  });

  it.each<[object, object]>([
    [{ model: 'gpt-4' }, { status: 404, code: 'model_not_found', param: 'model' }],
    [{ messages: [] }, { status: 400, param: 'messages' }],
    [{ temperature: 3 }, { status: 400, param: 'temperature' }],
    [{ top_p: -1 }, { status: 400, param: 'top_p' }],
    [{ max_tokens: 0 }, { status: 400, param: 'max_tokens' }],
    [{ max_tokens: 99_999 }, { status: 400, param: 'max_tokens', code: 'context_length_exceeded' }],
    [{ messages: user('x'.repeat(9000)) }, { status: 400, param: 'messages', code: 'context_length_exceeded' }],
    [{ wrong: 1 }, { status: 400, param: 'wrong', code: 'unknown_parameter' }],
    [{ audio: { voice: 'x' } }, { status: 400, param: 'audio', code: 'unsupported_parameter' }],
    [{ store: true }, { status: 400, param: 'store', code: 'unsupported_parameter' }],
    [{ top_logprobs: 2 }, { status: 400, param: 'top_logprobs' }],
    [{ logit_bias: { 99999: 1 } }, { status: 400, param: 'logit_bias' }],
    [{ tool_choice: 'required' }, { status: 400, param: 'tool_choice' }],
    [
      { tools: [weather], tool_choice: { type: 'function', function: { name: 'other' } } },
      { status: 400, param: 'tool_choice' },
    ],
    [
      { tools: [weather], response_format: { type: 'json_object' } },
      { status: 400, param: 'response_format' },
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, { status: 400 }],
    [{ messages: [{ role: 'user' }] }, { status: 400, param: 'messages[0].content' }],
  ])('tells what is wrong with %j', async (more, expected) => {
    const request = { model: 'echo', messages: user('hi'), ...more } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    expect(await failure(client.chat.completions.create(request))).toMatchObject(expected);
  });

  it('refuses by name what completions and embeddings cannot do', async () => {
    const complete = (more: object) => failure(client.completions.create({ model: 'echo', prompt: 'x', ...more }));
    expect(await complete({ suffix: 'y' })).toMatchObject({ status: 400, param: 'suffix' });
    expect(await complete({ best_of: 3 })).toMatchObject({ status: 400, param: 'best_of' });
    expect(await complete({ echo: true, logprobs: 1 })).toMatchObject({ status: 400, param: 'logprobs' });
    expect(await complete({ prompt: [5000] })).toMatchObject({ status: 400, param: 'prompt' });
    expect(await failure(client.embeddings.create({ model: 'echo', input: 'x', dimensions: 3 }))).toMatchObject({
      param: 'dimensions',
    });
    await using plain = await testServer();
    const other = new OpenAI({ baseURL: `${plain.url}/v1`, apiKey: 'none', maxRetries: 0 });
    expect(await failure(other.embeddings.create({ model: 'echo', input: 'x' }))).toMatchObject({
      status: 400,
      code: 'not_supported',
    });
  });

  it('tells a wrong key', async () => {
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'guess', maxRetries: 0 });
    expect(await failure(stranger.models.retrieve('echo'))).toMatchObject({ status: 401, code: 'invalid_api_key' });
  });
});
