import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiFlavour } from '../service.ts';
import { generateKwargs } from '../text-generation/schema.ts';
import { testServer } from '../testing/server.ts';

const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    1,
    2,
    0.5,
    1e308,
    -1e308,
    2 ** 31,
    '',
    'hi',
    'NaN',
    '-5',
    [],
    {},
    [[]],
    [0],
    '<|im_start|>',
    '\ud800',
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Without these no request is whole. */
const needed = new Set(['model', 'messages', 'prompt', 'input', 'role', 'content', 'type', 'function', 'name']);

/** An object with some of these keys, each with its likely value or an odd one, and sometimes a foreign key. */
function bodyOf(likely: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(likely).map(([name, value]) => [
      name,
      fc.oneof({ weight: 20, arbitrary: value }, { weight: 1, arbitrary: odd }),
    ]),
  );
  return fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record(fields, { requiredKeys: Object.keys(fields).filter((name) => needed.has(name)) }),
    },
    { weight: 4, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.dictionary(fc.string({ maxLength: 8 }), odd) },
    { weight: 1, arbitrary: odd },
  );
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const kwargs = fc.record(
  Object.fromEntries(
    Object.keys(generateKwargs.shape).map((name) => [name, fc.oneof(odd, fc.integer({ min: 0, max: 40 }))]),
  ),
  { requiredKeys: [] },
);
const calls = fc.constantFrom(null, [], [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{' } }]);
const messages = fc.array(
  bodyOf({ role: fc.constantFrom('system', 'user', 'assistant', 'tool'), content: text, tool_calls: calls }),
  { minLength: 1, maxLength: 2 },
);
const tools = fc.array(
  bodyOf({
    type: fc.constant('function'),
    function: bodyOf({ name: fc.constantFrom('f', 'g'), parameters: fc.dictionary(text, odd) }),
  }),
  { maxLength: 2 },
);
const sampling = {
  model: fc.constant('echo'),
  temperature: fc.double({ min: 0, max: 2, noNaN: true }),
  top_p: fc.double({ min: 0, max: 1, noNaN: true }),
  n: fc.integer({ min: 1, max: 3 }),
  stop: fc.oneof(text, fc.array(text, { maxLength: 3 })),
  seed: fc.integer(),
  stream: fc.boolean(),
  logit_bias: fc.dictionary(fc.nat(300).map(String), fc.integer({ min: -100, max: 100 })),
  max_tokens: fc.integer({ min: 1, max: 30 }),
};

const routes: readonly (readonly [ApiFlavour, string, fc.Arbitrary<unknown>])[] = [
  [
    'text-generation',
    '/chat',
    bodyOf({
      prompt: text,
      prefix: text,
      return_full_text: fc.boolean(),
      handle_long_generation: fc.constantFrom(null, 'hole'),
      generate_kwargs: kwargs,
      messages,
    }),
  ],
  [
    'llama-completion',
    '/generate',
    bodyOf({ prompts: fc.array(text, { maxLength: 3 }), parameters: bodyOf({ max_gen_len: fc.nat(20) }) }),
  ],
  [
    'llama-chat',
    '/chat',
    bodyOf({ input_data: bodyOf({ input_string: fc.array(messages, { maxLength: 2 }) }), parameters: odd }),
  ],
  [
    'text-generation',
    '/v1/completions',
    bodyOf({
      ...sampling,
      prompt: fc.oneof(text, fc.array(text), fc.array(fc.nat(300))),
      echo: fc.boolean(),
      logprobs: fc.nat(5),
    }),
  ],
  [
    'text-generation',
    '/v1/chat/completions',
    bodyOf({
      ...sampling,
      messages,
      tools,
      tool_choice: fc.constantFrom('auto', 'none', 'none', 'none', 'required'),
      response_format: fc.oneof(
        fc.constantFrom({ type: 'text' }, { type: 'json_object' }),
        fc.jsonValue().map((schema) => ({ type: 'json_schema', json_schema: { name: 'n', schema } })),
      ),
      logprobs: fc.constant(true),
      top_logprobs: fc.nat(5),
    }),
  ],
  [
    'text-generation',
    '/v1/embeddings',
    bodyOf({
      model: fc.constant('echo'),
      input: fc.oneof(text, fc.array(text)),
      encoding_format: fc.constantFrom('float', 'base64'),
    }),
  ],
];

describe('whatever the body', () => {
  it.each(routes)('%s %s answers with 200 or a 4xx in JSON', async (api, path, bodies) => {
    await using server = await testServer({ service: { api }, echo: { embeddings: true, contextLength: 256 } });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const response = await server.post(path, body);
        const answer = await response.text();
        if (response.status === 200) accepted += 1;
        else expect(response.status).toBeGreaterThanOrEqual(400);
        expect(response.status, answer).toBeLessThan(500);
        expect(answer).not.toContain('internal_error');
        if (!response.headers.get('content-type')?.startsWith('text/event-stream')) JSON.parse(answer);
      }),
      // The seed is fixed so that some bodies are sure to be accepted.
      { numRuns: 300, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(0);
    expect(server.internalErrors).toEqual([]);
    expect(server.engine.stats()).toMatchObject({ running: 0, waiting: 0 });
  });

  it('raw bytes never get a 5xx', async () => {
    await using server = await testServer();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom('/chat', '/v1/chat/completions'),
        async (bytes, path) => {
          const response = await fetch(server.url + path, { method: 'POST', body: new Uint8Array(bytes) });
          expect(response.status).toBeLessThan(500);
          await response.arrayBuffer();
        },
      ),
      { numRuns: 100 },
    );
    expect(server.internalErrors).toEqual([]);
  });
});
