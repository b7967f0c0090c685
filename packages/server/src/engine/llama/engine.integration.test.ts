import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerateEvent, GenerateRequest, SamplingOptions } from '../engine.ts';
import { type LlamaEngineOptions, openLlamaEngine } from './engine.ts';
import { chatMl, tinyTokens, writeTinyAdapter, writeTinyModel } from './testing/tiny-model.ts';

type TokenEvent = Extract<GenerateEvent, { type: 'token' }>;
type EndEvent = Extract<GenerateEvent, { type: 'end' }>;

const greedy: SamplingOptions = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  seed: 1,
};
const never = new AbortController().signal;

let folder: string;
const file = (name: string) => path.join(folder, name);
const open = (more: Partial<LlamaEngineOptions> = {}) =>
  openLlamaEngine({
    modelPath: file('tiny.gguf'),
    modelId: 'tiny',
    parallel: 4,
    threads: 1,
    gpuLayers: 0,
    embeddings: false,
    ...more,
  });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'llama-engine-'));
  await writeTinyModel(file('tiny.gguf'), { chatTemplate: chatMl });
  await writeTinyAdapter(file('one.gguf'), 11);
  await writeTinyAdapter(file('two.gguf'), 22);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

function ask(engine: Engine, text: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompt: engine.tokenize(text), maxTokens: 16, sampling: greedy, stop: [], ...more };
}

async function answer(engine: Engine, request: GenerateRequest, signal = never) {
  const events: GenerateEvent[] = [];
  for await (const event of engine.generate(request, signal)) events.push(event);
  const tokens = events.filter((event): event is TokenEvent => event.type === 'token');
  return {
    tokens,
    ids: tokens.map((token) => token.tokenId),
    text: tokens.map((token) => token.text).join(''),
    end: events.at(-1) as EndEvent,
  };
}

describe('the llama.cpp engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine.close());

  it('answers many requests at once as it answers each alone', async () => {
    const fresh = await open({ parallel: 1 });
    const prompts = Array.from({ length: 11 }, (_, index) => `${'word '.repeat(index * 7)}number ${index}`);
    const alone = [];
    for (const prompt of prompts) alone.push((await answer(fresh, ask(fresh, prompt))).ids);
    await fresh.close();
    const together = await Promise.all(
      prompts.map((prompt, index) => answer(engine, ask(engine, prompt, { maxTokens: 16 - index }))),
    );
    for (const [index, { ids, end }] of together.entries()) {
      expect(end.completionTokens).toBe(16 - index);
      expect(ids).toEqual(alone[index]!.slice(0, 16 - index));
    }
  });

  it('computes a prompt longer than one pass as a whole', async () => {
    const long = ask(engine, 'x'.repeat(450), { maxTokens: 4 });
    const first = await answer(engine, long);
    expect(first.end).toMatchObject({ promptTokens: 450, completionTokens: 4 });
    const again = await answer(engine, long);
    expect(again.end.cachedTokens).toBe(449);
    expect(again.ids).toEqual(first.ids);
  });

  it('takes over what another request has computed of the same beginning', async () => {
    const shared = 'A long beginning that several requests share, word for word, at the same time. ';
    const answers = await Promise.all(['one', 'two'].map((end) => answer(engine, ask(engine, shared + end))));
    const later = await Promise.all(['six', 'ten'].map((end) => answer(engine, ask(engine, shared + end))));
    for (const { end } of later) expect(end.cachedTokens).toBeGreaterThanOrEqual(shared.length);
    const fresh = await open();
    expect(later[0]!.ids).toEqual((await answer(fresh, ask(fresh, `${shared}six`))).ids);
    await fresh.close();
    expect(answers.every(({ end }) => end.completionTokens === 16)).toBe(true);
  });

  it('ends at an end-of-text token, which is not part of the answer', async () => {
    const always = { ...greedy, logitBias: new Map([[tinyTokens.end, 1000]]) };
    const ended = await answer(engine, ask(engine, 'End', { sampling: always }));
    expect(ended.end).toMatchObject({ finishReason: 'stop', completionTokens: 0 });
    const kept = await answer(engine, ask(engine, 'End', { sampling: always, minTokens: 5 }));
    expect(kept.end).toMatchObject({ finishReason: 'stop', completionTokens: 5 });
    const ignored = await answer(engine, ask(engine, 'End', { sampling: always, ignoreEndOfText: true }));
    expect(ignored.end).toMatchObject({ finishReason: 'length', completionTokens: 16 });
  });

  it('biases tokens', async () => {
    const token = engine.tokenize('q')[0]!;
    const { text } = await answer(
      engine,
      ask(engine, 'Q?', { sampling: { ...greedy, logitBias: new Map([[token, 1000]]) } }),
    );
    expect(text).toBe('q'.repeat(16));
  });

  it('penalises what the answer holds already, more for every time', async () => {
    const [a, b] = engine.tokenize('ab') as [number, number];
    const logitBias = new Map([
      [a, 1000],
      [b, 990],
    ]);
    const { text } = await answer(
      engine,
      ask(engine, 'P', { maxTokens: 6, sampling: { ...greedy, logitBias, frequencyPenalty: 4 } }),
    );
    // After three times 'a' has 988, less than 990; then 'b' has 986.
    expect(text).toBe('aaabaa'.slice(0, 3) + text.slice(3));
    expect(text[3]).toBe('b');
    const present = await answer(
      engine,
      ask(engine, 'P', { maxTokens: 3, sampling: { ...greedy, logitBias, presencePenalty: 20 } }),
    );
    expect(present.text).toBe('aba');
  });

  it('penalises what prompt and answer hold, by a factor', async () => {
    const [a, b] = engine.tokenize('ab') as [number, number];
    const logitBias = new Map([
      [a, 1000],
      [b, 900],
    ]);
    const sampling = { ...greedy, logitBias, repetitionPenalty: 2 };
    expect((await answer(engine, ask(engine, 'x', { maxTokens: 1, sampling }))).text).toBe('a');
    expect((await answer(engine, ask(engine, 'a', { maxTokens: 1, sampling }))).text).toBe('b');
  });

  it('draws differently for other seeds, and alike for the same among other requests', async () => {
    const seeds = [1, 2, 3, 1, 2, 3, 2 ** 32 - 1, -5, 2 ** 40 + 1];
    const draws = seeds.map((seed) => ask(engine, 'Seed', { sampling: { ...greedy, temperature: 1.2, seed } }));
    const drawn = await Promise.all(draws.map((each) => answer(engine, each)));
    const ids = drawn.map((each) => each.ids.join());
    expect(ids.slice(3, 6)).toEqual(ids.slice(0, 3));
    expect(new Set(ids).size).toBe(6);
    expect((await answer(engine, draws[6]!)).ids.join()).toBe(ids[6]);
  });

  it('reports the probabilities of the model, whatever the sampling', async () => {
    const prompt = ask(engine, 'Probable', { maxTokens: 1, logprobs: 259 });
    const plain = (await answer(engine, prompt)).tokens[0]!;
    expect(plain.alternatives).toHaveLength(259);
    expect(plain.alternatives!.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 4);
    expect(plain.alternatives![0]).toEqual(plain.logprob);
    const sampling = { ...greedy, temperature: 2, topK: 5, seed: 3, repetitionPenalty: 1.5 };
    const sampled = (await answer(engine, { ...prompt, sampling })).tokens[0]!;
    const expected = plain.alternatives!.find(({ tokenId }) => tokenId === sampled.tokenId)!;
    expect(sampled.logprob!.logprob).toBeCloseTo(expected.logprob, 3);
  });

  it('names the bytes of a token that is part of a character', async () => {
    const [byte] = engine.tokenize('ü');
    const sampling = { ...greedy, logitBias: new Map([[byte!, 1000]]) };
    const { tokens } = await answer(engine, ask(engine, 'Bytes', { maxTokens: 1, logprobs: 0, sampling }));
    expect(tokens[0]!.logprob!.bytes).toEqual([0xc3]);
    expect(tokens[0]!.alternatives).toEqual([]);
  });

  it('gives out what it held back for a stop string that did not come', async () => {
    const { text } = await answer(engine, ask(engine, 'Held', { maxTokens: 8 }));
    const last = text.at(-1)!;
    const held = await answer(engine, ask(engine, 'Held', { maxTokens: 8, stop: [`${last}never`, `${text}never`] }));
    expect(held.text).toBe(text);
    expect(held.end.finishReason).toBe('length');
    expect(held.tokens).toHaveLength(8);
  });

  it('keeps to a GBNF grammar', async () => {
    const { text, end } = await answer(
      engine,
      ask(engine, 'G', { constraint: { type: 'gbnf', grammar: 'root ::= ("yes" | "no") "!"' } }),
    );
    expect(['yes!', 'no!']).toContain(text);
    expect(end.finishReason).toBe('stop');
  });

  it('refuses grammars and schemas it cannot read', async () => {
    for (const constraint of [
      { type: 'gbnf', grammar: 'root ::= (' },
      { type: 'gbnf', grammar: 'root ::= missing' },
      { type: 'gbnf', grammar: 'root ::= root "a"' },
      { type: 'gbnf', grammar: '' },
      { type: 'json_schema', schema: { $ref: '#' } },
      { type: 'json_schema', schema: { type: 'string', pattern: 'a' } },
    ] as const)
      await expect(answer(engine, ask(engine, 'G', { constraint }))).rejects.toMatchObject({ code: 'InvalidGrammar' });
    expect(engine.stats()).toMatchObject({ running: 0, waiting: 0 });
  });

  it('writes only JSON that its schema allows', async () => {
    const ajv = new Ajv({ strict: false });
    const leaf = fc.oneof(
      fc.constantFrom(
        { type: 'boolean' },
        { type: 'null' },
        { type: 'integer' },
        { const: 'a"\\b' },
        { enum: [1, 'zwei', null, { k: [] }] },
      ),
      fc.record({
        type: fc.constant('integer'),
        minimum: fc.integer({ min: -50, max: 0 }),
        maximum: fc.integer({ min: 0, max: 500 }),
      }),
      fc.record({ type: fc.constant('string'), minLength: fc.nat(3), maxLength: fc.integer({ min: 3, max: 6 }) }),
      fc.record({
        type: fc.constant('array'),
        items: fc.constant({ type: 'boolean' }),
        minItems: fc.nat(2),
        maxItems: fc.integer({ min: 2, max: 4 }),
      }),
    );
    const schema = fc
      .record({
        type: fc.constant('object'),
        properties: fc.dictionary(
          fc.string({ maxLength: 4 }).filter((key) => key !== '__proto__'),
          fc.oneof(leaf, fc.record({ anyOf: fc.array(leaf, { minLength: 1, maxLength: 3 }) })),
          {
            minKeys: 1,
            maxKeys: 4,
            noNullPrototype: true,
          },
        ),
        additionalProperties: fc.boolean(),
        take: fc.nat(4),
      })
      .map(({ take, ...rest }) => ({ ...rest, required: Object.keys(rest.properties).slice(0, take) }));
    await fc.assert(
      fc.asyncProperty(schema, fc.nat(), async (wanted, seed) => {
        const { text, end } = await answer(
          engine,
          ask(engine, 'S', {
            maxTokens: 500,
            constraint: { type: 'json_schema', schema: wanted },
            sampling: { ...greedy, temperature: 1.5, seed },
          }),
        );
        // Only a random model spells bytes that are no UTF-8.
        if (end.finishReason !== 'stop' || text.includes('\uFFFD')) return;
        expect(ajv.validate(wanted, JSON.parse(text)), `${JSON.stringify(wanted)} ${text}: ${ajv.errorsText()}`).toBe(
          true,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('refuses what would corrupt its memory or its answers', async () => {
    for (const more of [
      { prompt: [] },
      { prompt: [99_999] },
      { prompt: [-1] },
      { prompt: [1.5] },
      { maxTokens: 600 },
    ] satisfies Partial<GenerateRequest>[])
      await expect(answer(engine, ask(engine, 'Bad', more))).rejects.toMatchObject({ code: 'Internal' });
    await expect(answer(engine, ask(engine, 'Bad', { adapter: 'none' }))).rejects.toMatchObject({
      code: 'NotSupported',
    });
    await expect(engine.embed([[1]], never)).rejects.toMatchObject({ code: 'NotSupported' });
  });

  it('uses the context to its last token', async () => {
    const { end } = await answer(engine, ask(engine, 'y'.repeat(500), { maxTokens: 12, ignoreEndOfText: true }));
    expect(end).toMatchObject({ promptTokens: 500, completionTokens: 12, finishReason: 'length' });
  });

  it('serves those who wait in order of arrival', async () => {
    const single = await open({ parallel: 1 });
    const indexes = Array.from({ length: 6 }, (_, index) => index);
    const ended: number[] = [];
    await Promise.all(
      indexes.map(async (index) => {
        await answer(single, ask(single, `Turn ${index}`, { maxTokens: 5, ignoreEndOfText: true }));
        ended.push(index);
      }),
    );
    expect(ended).toEqual(indexes);
    await single.close();
  });

  it('renders the chat template of the model', () => {
    const rendered = engine.renderChat([
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: null },
    ]);
    expect(rendered).toBe('<|turn|>user\nHello<|end|>\n<|turn|>assistant\n<|end|>\n<|turn|>assistant\n');
    expect(engine.tokenize(rendered, { special: true })[0]).toBe(tinyTokens.turn);
    expect(engine.tokenize(rendered)[0]).not.toBe(tinyTokens.turn);
  });
});

const adapters = () => [
  { name: 'one', path: file('one.gguf'), strength: 1 },
  { name: 'two', path: file('two.gguf'), strength: 1 },
];

describe('adapters', () => {
  it('apply together unless a request names one, at their strength, in the same batch of requests', async () => {
    const plain = await open();
    const without = await answer(plain, ask(plain, 'Adapted'));
    await plain.close();
    const only = await open({ adapters: adapters().slice(0, 1) });
    const one = await answer(only, ask(only, 'Adapted'));
    await only.close();
    const off = await open({ adapters: adapters().map((adapter) => ({ ...adapter, strength: 0 })) });
    expect((await answer(off, ask(off, 'Adapted'))).ids).toEqual(without.ids);
    await off.close();

    const engine = await open({ adapters: adapters() });
    expect(engine.info.adapters).toEqual(['one', 'two']);
    const [both, first, second] = await Promise.all([
      answer(engine, ask(engine, 'Adapted')),
      answer(engine, ask(engine, 'Adapted', { adapter: 'one' })),
      answer(engine, ask(engine, 'Adapted', { adapter: 'two' })),
    ]);
    expect(first.ids).toEqual(one.ids);
    expect(new Set([without, both, first, second].map(({ ids }) => ids.join())).size).toBe(4);
    await engine.close();
  });

  it('must be files', async () => {
    const missing = [{ name: 'x', path: file('x.gguf'), strength: 1 }];
    await expect(open({ adapters: missing })).rejects.toMatchObject({ code: 'ModelFileMissing' });
    const model = [{ name: 'x', path: file('tiny.gguf'), strength: 1 }];
    await expect(open({ adapters: model })).rejects.toMatchObject({ code: 'ModelFileInvalid' });
  });
});

describe('opening and closing', () => {
  it('names what is wrong with the model file', async () => {
    await expect(open({ modelPath: file('none.gguf') })).rejects.toMatchObject({ code: 'ModelFileMissing' });
    await writeFile(file('text.gguf'), 'This is not a model.');
    await expect(open({ modelPath: file('text.gguf') })).rejects.toMatchObject({ code: 'ModelFileInvalid' });
    await expect(open({ modelPath: file('one.gguf') })).rejects.toMatchObject({ code: 'ModelFileInvalid' });
  });

  it('says when the memory does not suffice', async () => {
    await expect(open({ contextLength: 2 ** 30, parallel: 64 })).rejects.toMatchObject({ code: 'OutOfMemory' });
    await expect(open({ contextLength: 2 ** 25, parallel: 63 })).rejects.toMatchObject({ code: 'OutOfMemory' });
  });

  it('can be given up', async () => {
    const reason = new Error('no longer wanted');
    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('ends running and waiting requests as aborted', async () => {
    const engine = await open({ parallel: 1 });
    const ends: string[] = [];
    const started = Promise.withResolvers<void>();
    const both = Promise.all(
      [0, 1].map(async (index) => {
        for await (const event of engine.generate(
          ask(engine, `${index}`, { maxTokens: 400, ignoreEndOfText: true }),
          never,
        )) {
          if (event.type === 'token') started.resolve();
          else ends.push(event.finishReason);
        }
      }),
    );
    await started.promise;
    await engine.close();
    await both;
    expect(ends).toEqual(['aborted', 'aborted']);
  });
});
