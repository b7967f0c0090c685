import type { Engine } from '../engine/engine.ts';
import { HttpError } from '../http/errors.ts';

/** Refuses with 400 a prompt that leaves no room for one new token in the context, or that is empty. Returns the room, in tokens. */
export function roomAfter(engine: Engine, prompt: readonly number[], param: string): number {
  const { contextLength } = engine.info;
  if (prompt.length === 0) throw new HttpError(400, 'The prompt is empty.', { param, code: 'empty_prompt' });
  const room = contextLength - prompt.length;
  if (room < 1) {
    throw new HttpError(
      400,
      `The prompt has ${prompt.length} tokens, but the context holds ${contextLength}, the answer included. Shorten the prompt.`,
      { param, code: 'context_length_exceeded' },
    );
  }
  return room;
}

/** Text as the person wrote it, where a special token's text is only text. */
export function plainTokens(engine: Engine, text: string): readonly number[] {
  return engine.tokenize(text, { addBos: true });
}

/** A rendered chat, which brings its own special tokens along. */
export function renderedTokens(engine: Engine, rendered: string): readonly number[] {
  return engine.tokenize(rendered, { special: true });
}
