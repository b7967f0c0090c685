import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEchoEngine } from '../engine/echo/engine.ts';
import type { Engine, GenerateRequest } from '../engine/engine.ts';
import { testServer } from '../testing/server.ts';
import type { TestServer } from '../testing/server.ts';

/** The echo engine, remembering what it was asked. */
function recording(): { engine: Engine; requests: GenerateRequest[] } {
  const requests: GenerateRequest[] = [];
  const echo = openEchoEngine({ loadedAt: '2026-01-01T00:00:00Z', contextLength: 512 });
  const engine: Engine = {
    ...echo,
    generate: (request, signal) => {
      requests.push(request);
      return echo.generate(request, signal);
    },
  };
  return { engine, requests };
}

describe('POST /chat, text-generation', () => {
  let server: TestServer;
  const { engine, requests } = recording();
  const chat = async (body: unknown) => {
    const response = await server.post('/chat', body);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const ask = async (generate_kwargs: object) =>
    (await chat({ prompt: 'abcdef', return_full_text: false, generate_kwargs })).body['Result'];
  const kwargs = async (more: object, prompt = 'rain') => {
    const answer = await chat({ prompt, generate_kwargs: more });
    expect(answer).toMatchObject({ status: 200 });
    return requests.at(-1)!;
  };

  beforeAll(async () => {
    server = await testServer({ engine });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('answers a plain question through the chat template, after the prompt', async () => {
    expect(await chat({ prompt: 'What sport?' })).toEqual({
      status: 200,
      body: { Result: 'What sport?\n\nWhat sport?' },
    });
    expect(engine.tokenize('<|im_start|>', { special: true })).toEqual([requests.at(-1)!.prompt[0]]);
  });

  it('leaves a prompt alone that follows a template already', async () => {
    const prompt = '[INST] hi [/INST]';
    expect((await chat({ prompt })).body).toEqual({ Result: prompt + prompt });
    const special = '<|im_start|>user\nhi';
    expect((await chat({ prompt: special })).body['Result']).toContain(special);
  });

  it.each([
    ['always', '[INST] hi', '\n\n'],
    ['never', 'hi', ''],
  ] as const)('applies the template %s when told so', async (chatTemplate, prompt, between) => {
    await using other = await testServer({ service: { chatTemplate } });
    expect(await (await other.post('/chat', { prompt })).json()).toEqual({ Result: prompt + between + prompt });
  });

  it('returns the answer alone for return_full_text false', async () => {
    expect((await chat({ prompt: 'hi', return_full_text: false })).body).toEqual({ Result: 'hi' });
    expect((await chat({ prompt: 'hi', return_full_text: 'False' })).body).toEqual({ Result: 'hi' });
  });

  it('puts the prefix before the prompt for the model only', async () => {
    expect((await chat({ prompt: 'hi', prefix: 'Oh ' })).body).toEqual({ Result: 'hi\n\nOh hi' });
  });

  it('cleans up tokenization spaces in the answer', async () => {
    const body = { prompt: "I do n't , no .", clean_up_tokenization_spaces: true, return_full_text: false };
    expect((await chat(body)).body).toEqual({ Result: "I don't, no." });
  });

  it("takes every field of KAITO's server at its default", async () => {
    const generate_kwargs = {
      max_length: 200,
      min_length: 0,
      do_sample: true,
      early_stopping: false,
      num_beams: 1,
      num_beam_groups: 1,
      diversity_penalty: 0.0,
      temperature: 1.0,
      top_k: 10,
      top_p: 1,
      typical_p: 1,
      repetition_penalty: 1,
      length_penalty: 1,
      no_repeat_ngram_size: 0,
      encoder_no_repeat_ngram_size: 0,
      bad_words_ids: null,
      num_return_sequences: 1,
      output_scores: false,
      return_dict_in_generate: false,
      pad_token_id: 11,
      eos_token_id: 11,
      forced_bos_token_id: null,
      forced_eos_token_id: null,
      remove_invalid_values: null,
    };
    const whole = {
      prompt: 'hi',
      return_full_text: true,
      clean_up_tokenization_spaces: false,
      prefix: null,
      handle_long_generation: null,
      messages: null,
      generate_kwargs,
    };
    expect(await chat(whole)).toEqual({ status: 200, body: { Result: 'hi\n\nhi' } });
    expect(requests.at(-1)!.sampling).toMatchObject({ temperature: 1, topK: 10, topP: 1, repetitionPenalty: 1 });
    expect(requests.at(-1)!.maxTokens).toBe(198);
    expect((await chat({ prompt: 'hi', generate_kwargs: null })).status).toBe(200);
  });

  it('counts the prompt for max_length and min_length, and lets the new-token fields win', async () => {
    expect(await kwargs({ max_length: 9, min_length: 7 })).toMatchObject({ maxTokens: 5, minTokens: 3 });
    expect(await kwargs({ max_length: 9, max_new_tokens: 30, min_new_tokens: 6 })).toMatchObject({
      maxTokens: 30,
      minTokens: 6,
    });
    expect((await kwargs({ max_length: 100_000 })).maxTokens).toBeLessThan(512);
  });

  it('passes sampling on, greedy without do_sample', async () => {
    const given = { temperature: 0.5, top_k: 3, top_p: 0.5, min_p: 0.1, repetition_penalty: 1.2, seed: 9 };
    expect((await kwargs(given)).sampling).toMatchObject({
      temperature: 0.5,
      topK: 3,
      topP: 0.5,
      minP: 0.1,
      repetitionPenalty: 1.2,
      seed: 9,
    });
    expect((await kwargs({ do_sample: false })).sampling.temperature).toBe(0);
  });

  it('bans tokens, ends at stop texts and at given end tokens', async () => {
    expect(await ask({ bad_words_ids: [98, [100]] })).toBe('acef');
    expect(await ask({ stop: 'de' })).toBe('abc');
    expect(await ask({ stop_strings: ['f', 'c'] })).toBe('ab');
    expect(await ask({ eos_token_id: 101 })).toBe('abcd');
    expect(await ask({ eos_token_id: [102, 99] })).toBe('ab');
    expect(await ask({ eos_token_id: 97, min_new_tokens: 2 })).toBe('abcdef');
  });

  it('returns several sequences without a separator, each from a seed of its own', async () => {
    const before = requests.length;
    const answer = await chat({
      prompt: 'hi',
      return_full_text: false,
      generate_kwargs: { num_return_sequences: 3, seed: 5 },
    });
    expect(answer.body).toEqual({ Result: 'hihihi' });
    expect(requests.slice(before).map(({ sampling }) => sampling.seed)).toEqual([5, 6, 7]);
  });

  it.each([
    ['num_beams', 2],
    ['num_beam_groups', 2],
    ['early_stopping', true],
    ['diversity_penalty', 0.5],
    ['typical_p', 0.9],
    ['length_penalty', 2],
    ['no_repeat_ngram_size', 3],
    ['encoder_no_repeat_ngram_size', 3],
    ['output_scores', true],
    ['return_dict_in_generate', true],
    ['forced_bos_token_id', 1],
    ['forced_eos_token_id', 1],
    ['remove_invalid_values', true],
    ['use_cache', false],
    ['penalty_alpha', 0.6],
    ['bad_words_ids', [999]],
    ['eos_token_id', 999],
  ])('refuses %s %j by name', async (name, value) => {
    const answer = await chat({ prompt: 'hi', generate_kwargs: { [name]: value } });
    expect(answer.status).toBe(400);
    expect(answer.body['detail']).toContain(name);
  });

  it.each([
    [{ prompt: 5 }, ['body', 'prompt'], 'str type expected', 'type_error.str'],
    [
      { prompt: 'x', return_full_text: 'maybe' },
      ['body', 'return_full_text'],
      'value could not be parsed to a boolean',
      'type_error.bool',
    ],
    [{ prompt: 'x', generate_kwargs: [] }, ['body', 'generate_kwargs'], 'value is not a valid dict', 'type_error.dict'],
    [
      { prompt: 'x', generate_kwargs: { max_length: 'NaN' } },
      ['body', 'generate_kwargs', 'max_length'],
      'value is not a valid integer',
      'type_error.integer',
    ],
    [
      { prompt: 'x', generate_kwargs: { temperature: {} } },
      ['body', 'generate_kwargs', 'temperature'],
      'value is not a valid float',
      'type_error.float',
    ],
    [
      { prompt: 'x', generate_kwargs: { temperature: -1 } },
      ['body', 'generate_kwargs', 'temperature'],
      'ensure this value is greater than or equal to 0',
      'value_error.number.not_ge',
    ],
    [
      { prompt: 'x', generate_kwargs: { top_p: 1.5 } },
      ['body', 'generate_kwargs', 'top_p'],
      'ensure this value is less than or equal to 1',
      'value_error.number.not_le',
    ],
    [[1], ['body'], 'value is not a valid dict', 'type_error.dict'],
  ])('answers 422 for %j', async (body, loc, msg, type) => {
    expect(await chat(body)).toEqual({ status: 422, body: { detail: [{ loc, msg, type }] } });
  });

  it.each([
    [{}, 'Text generation parameter prompt required'],
    [{ prompt: '' }, 'Text generation parameter prompt required'],
    [{ prompt: 'x', messages: [{ role: 'user', content: 'y' }] }, 'either prompt or messages'],
    [{ prompt: 'x', handle_long_generation: 'pit' }, 'handle_long_generation'],
    [{ prompt: 'twelve bytes', generate_kwargs: { max_length: 12 } }, 'max_length is 12'],
    [{ prompt: 'x'.repeat(600), generate_kwargs: { max_length: 1000 } }, 'the context holds 512'],
    [{ prompt: 'x', generate_kwargs: { do_sample: false, num_return_sequences: 2 } }, 'num_return_sequences'],
    [{ prompt: 'x', generate_kwargs: { num_return_sequences: 1000 } }, '1000 answers'],
  ])('answers 400 for %j', async (body, text) => {
    const answer = await chat(body);
    expect(answer.status).toBe(400);
    expect(answer.body['detail']).toContain(text);
  });

  it('makes room for the answer with handle_long_generation "hole"', async () => {
    const body = { prompt: `${'x'.repeat(600)}END`, handle_long_generation: 'hole', return_full_text: false };
    const answer = await chat({ ...body, generate_kwargs: { max_new_tokens: 100 } });
    expect(answer.status).toBe(200);
    const { prompt, maxTokens } = requests.at(-1)!;
    expect(prompt.length + maxTokens).toBe(512);
    expect(engine.detokenize(prompt)).toContain('xEND');
    const tooMuch = await chat({ ...body, generate_kwargs: { max_new_tokens: 5000 } });
    expect(tooMuch).toMatchObject({ status: 400, body: { detail: expect.stringContaining('hole') as string } });
  });

  it('answers a conversation with the text form of its message', async () => {
    const messages = [{ role: 'user', content: "it's\nwet" }];
    expect((await chat({ messages })).body).toEqual({ Result: `{'role': 'assistant', 'content': "it's\\nwet"}` });
    expect((await chat({ messages: [{ role: 'user' }] })).status).toBe(400);
  });

  it("bounds an answer by the server's own limit", async () => {
    await using bounded = await testServer({ service: { maxTokens: 3 } });
    expect(await (await bounded.post('/chat', { prompt: 'abcdef', return_full_text: false })).json()).toEqual({
      Result: 'abc',
    });
  });
});
