import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from './engine.ts';
import type { Engine, GenerateEvent, GenerateRequest, SamplingOptions } from './engine.ts';

const greedy: SamplingOptions = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  seed: 7,
};

interface Answer {
  readonly text: string;
  readonly events: readonly Extract<GenerateEvent, { type: 'token' }>[];
  readonly end: Extract<GenerateEvent, { type: 'end' }>;
}

async function answer(
  engine: Engine,
  request: GenerateRequest,
  signal = new AbortController().signal,
): Promise<Answer> {
  const events: Extract<GenerateEvent, { type: 'token' }>[] = [];
  const ends: Extract<GenerateEvent, { type: 'end' }>[] = [];
  for await (const event of engine.generate(request, signal)) {
    if (event.type === 'token') {
      expect(ends, 'no token after the end').toHaveLength(0);
      events.push(event);
    } else {
      ends.push(event);
    }
  }
  expect(ends, 'exactly one end').toHaveLength(1);
  return { text: events.map((event) => event.text).join(''), events, end: ends[0]! };
}

/**
 * What every Engine must do, whatever its model: called from the engine's own test file. `open` gives a freshly loaded engine with a context
 * of at least 256 tokens; the suite closes it. Runs one engine for all cases, so that state left behind by one request shows in the next.
 */
export function engineConformance(name: string, open: () => Promise<Engine>): void {
  describe(`${name} meets the engine contract`, () => {
    let engine: Engine;
    const request = (text: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
      prompt: engine.tokenize(text, { addBos: true }),
      maxTokens: 12,
      sampling: greedy,
      stop: [],
      ...more,
    });
    const idle = () => expect.poll(() => engine.stats().running + engine.stats().waiting, { timeout: 20_000 }).toBe(0);

    beforeAll(async () => {
      engine = await open();
    });
    afterAll(async () => {
      await engine.close();
    });

    it('tells what it is', () => {
      expect(engine.info.contextLength).toBeGreaterThanOrEqual(256);
      expect(engine.info.parallel).toBeGreaterThanOrEqual(1);
      expect(engine.info.vocabularySize).toBeGreaterThan(1);
      expect(Number.isNaN(Date.parse(engine.info.loadedAt))).toBe(false);
    });

    it('reads back what it tokenizes', () => {
      const text = 'Rain, wind & 12 dogs — ünïcödé 🌧️';
      const tokens = engine.tokenize(text);
      expect(tokens.length).toBeGreaterThan(0);
      for (const token of tokens)
        expect(Number.isInteger(token) && token >= 0 && token < engine.info.vocabularySize).toBe(true);
      expect(engine.detokenize(tokens).trimStart()).toBe(text);
    });

    it('ends at maxTokens and counts every token', async () => {
      const wanted = request('The rain in Spain', { maxTokens: 9, ignoreEndOfText: true });
      const { events, end } = await answer(engine, wanted);
      expect(events).toHaveLength(9);
      expect(end).toMatchObject({ finishReason: 'length', promptTokens: wanted.prompt.length, completionTokens: 9 });
      expect(end.cachedTokens).toBeLessThan(wanted.prompt.length);
    });

    it('yields well-formed text, never half a character', async () => {
      const { events } = await answer(
        engine,
        request('ü🌧️漢字ü🌧️漢字ü🌧️漢字', { maxTokens: 40, ignoreEndOfText: true }),
      );
      for (const event of events) expect(event.text.isWellFormed()).toBe(true);
    });

    it('stops before a stop string, even one that lies over several tokens', async () => {
      const full = await answer(
        engine,
        request('One two three four five six', { maxTokens: 24, ignoreEndOfText: true }),
      );
      const characters = [...full.text];
      const stop = characters.slice(Math.floor(characters.length / 3), Math.floor(characters.length / 3) + 5).join('');
      expect(stop).not.toBe('');
      const cut = await answer(
        engine,
        request('One two three four five six', { maxTokens: 24, ignoreEndOfText: true, stop: ['\u0001never', stop] }),
      );
      expect(cut.text).toBe(full.text.slice(0, full.text.indexOf(stop)));
      expect(cut.end.finishReason).toBe('stop');
    });

    it('gives the same answer for the same seed', async () => {
      const sampling = { ...greedy, temperature: 1, topP: 0.95, topK: 40, seed: 4242 };
      const one = await answer(engine, request('Once upon a time', { sampling }));
      const two = await answer(engine, request('Once upon a time', { sampling }));
      expect(two.text).toBe(one.text);
      expect(two.end.completionTokens).toBe(one.end.completionTokens);
    });

    it('keeps going for minTokens', async () => {
      const { end } = await answer(engine, request('Hi', { minTokens: 8, maxTokens: 10 }));
      expect(end.completionTokens).toBeGreaterThanOrEqual(8);
    });

    it('answers more requests than it has places', async () => {
      const count = engine.info.parallel * 2 + 1;
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          answer(engine, request(`Number ${index} of many`, { maxTokens: 6, ignoreEndOfText: true })),
        ),
      );
      for (const { end } of answers) expect(end.completionTokens).toBe(6);
      await idle();
    });

    it('frees its place when the request is aborted', async () => {
      const controllers: AbortController[] = [];
      const running = Array.from({ length: engine.info.parallel + 1 }, async (_, index) => {
        const controller = new AbortController();
        controllers.push(controller);
        const long = request(`Count on from ${index}`, { maxTokens: 200, ignoreEndOfText: true });
        const reasons: string[] = [];
        try {
          for await (const event of engine.generate(long, controller.signal)) {
            if (event.type === 'end') reasons.push(event.finishReason);
            for (const each of controllers) each.abort();
          }
        } catch (error) {
          expect((error as Error).name).toBe('AbortError');
          reasons.push('aborted');
        }
        return reasons;
      });
      for (const reasons of await Promise.all(running)) expect(reasons).toEqual(['aborted']);
      await idle();
      expect((await answer(engine, request('After all that'))).end.finishReason).not.toBe('aborted');
    });

    it('frees its place when nobody reads on', async () => {
      for await (const event of engine.generate(
        request('Left early', { maxTokens: 200, ignoreEndOfText: true }),
        new AbortController().signal,
      )) {
        if (event.type === 'token') break;
      }
      await idle();
    });

    it('does no work for a request aborted before it began', async () => {
      const controller = new AbortController();
      controller.abort();
      const before = engine.stats().completionTokens;
      try {
        for await (const event of engine.generate(request('Too late'), controller.signal)) {
          expect(event).toMatchObject({ type: 'end', finishReason: 'aborted' });
        }
      } catch (error) {
        expect((error as Error).name).toBe('AbortError');
      }
      expect(engine.stats().completionTokens).toBe(before);
    });

    it('keeps running totals', async () => {
      const before = engine.stats();
      const { end } = await answer(engine, request('Totals', { maxTokens: 5, ignoreEndOfText: true }));
      const after = engine.stats();
      expect(after.completionTokens - before.completionTokens).toBe(5);
      expect(after.promptTokens - before.promptTokens).toBe(end.promptTokens);
    });

    it('reports log-probabilities if it says that it can', async () => {
      if (!engine.info.capabilities.logprobs) return;
      const { events } = await answer(
        engine,
        request('How likely', { logprobs: 2, maxTokens: 4, ignoreEndOfText: true }),
      );
      for (const event of events) {
        expect(event.logprob?.tokenId).toBe(event.tokenId);
        expect(event.logprob!.logprob).toBeLessThanOrEqual(0);
        expect(event.alternatives!.length).toBeLessThanOrEqual(2);
      }
    });

    it('renders a chat, or says that the model has no template', async () => {
      const messages = [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What sport in the rain?' },
      ];
      if (engine.info.capabilities.chatTemplate) {
        expect(engine.renderChat(messages)).toContain('What sport in the rain?');
      } else {
        expect(() => engine.renderChat(messages)).toThrow(expect.objectContaining({ code: 'NoChatTemplate' }));
      }
    });

    it('holds the answer to a schema if it says that it can', async () => {
      if (!engine.info.capabilities.grammar) return;
      const schema = {
        type: 'object',
        properties: { colour: { enum: ['red', 'blue'] } },
        required: ['colour'],
        additionalProperties: false,
      };
      const { text, end } = await answer(
        engine,
        request('A colour as JSON: ', { maxTokens: 120, constraint: { type: 'json_schema', schema } }),
      );
      expect(end.finishReason).toBe('stop');
      expect(['red', 'blue']).toContain((JSON.parse(text) as { colour: string }).colour);
      const free = await answer(engine, request('Some JSON: ', { maxTokens: 160, constraint: { type: 'json' } }));
      if (free.end.finishReason === 'stop') expect(() => JSON.parse(free.text) as unknown).not.toThrow();
      expect(free.text.trimStart()).toMatch(/^[[{]/);
    });

    it('embeds with unit length, or says that it cannot', async () => {
      const inputs = [engine.tokenize('rain'), engine.tokenize('a sunny day')];
      const signal = new AbortController().signal;
      if (!engine.info.capabilities.embeddings) {
        await expect(engine.embed(inputs, signal)).rejects.toMatchObject({ code: 'NotSupported' });
        return;
      }
      const vectors = await engine.embed(inputs, signal);
      expect(vectors).toHaveLength(2);
      for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
    });

    it('answers nothing once closed', async () => {
      const late = request('Anyone there?');
      await engine.close();
      await engine.close();
      await expect(answer(engine, late)).rejects.toBeInstanceOf(EngineError);
    });
  });
}
