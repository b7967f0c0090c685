import type { ChatMessage, Engine } from '../engine/engine.ts';
import { plainTokens, renderedTokens, roomAfter } from '../generation/prompt.ts';
import { badParameter, HttpError } from '../http/errors.ts';
import type { ChatTemplateUse } from '../service.ts';
import type { Wish } from './kwargs.ts';

/** The marks of a prompt that already follows some chat template, for models whose vocabulary does not give them away. */
const templateMarks = /<\|[A-Za-z_]+\|>|\[INST\]|<start_of_turn>|<s>|^###? ?(Instruction|Human|User)\b/m;

export interface PreparedPrompt {
  readonly tokens: readonly number[];
  /** Whether the model's chat template was applied, so that the answer is a reply and no continuation. */
  readonly templated: boolean;
  readonly maxTokens: number;
  readonly minTokens: number;
}

/**
 * Makes the tokens of a `/chat` prompt. `max_length` counts the tokens of the person's own text (prefix included) and of the answer; what the chat
 * template adds is on the house. The answer is bounded by the context and by `maxTokens` of the server.
 */
export function preparePrompt(
  engine: Engine,
  text: string,
  wish: Wish,
  use: ChatTemplateUse,
  hole: boolean,
  cap: number | undefined,
): PreparedPrompt {
  const templated = appliesTemplate(engine, text, use);
  const render = (words: string) =>
    templated
      ? renderedTokens(engine, engine.renderChat([{ role: 'user', content: words }]))
      : plainTokens(engine, words);
  const own = templated ? engine.tokenize(text) : plainTokens(engine, text);
  const wanted = wantedTokens(wish, own.length);
  let tokens = render(text);
  if (hole && tokens.length + wanted > engine.info.contextLength) {
    const keep = own.length - (tokens.length + wanted - engine.info.contextLength);
    if (keep <= 0) {
      throw badParameter(
        'handle_long_generation',
        `handle_long_generation "hole" cannot make room for ${wanted} new tokens in a context of ${engine.info.contextLength}.`,
      );
    }
    tokens = templated ? render(engine.detokenize(own.slice(-keep))) : own.slice(-keep);
  }
  const room = roomAfter(engine, tokens, 'prompt');
  return limited(tokens, templated, wanted, own.length, room, wish, cap);
}

/** The same for a conversation, which is always rendered; all its rendered tokens count for `max_length`. */
export function prepareMessages(
  engine: Engine,
  messages: readonly ChatMessage[],
  wish: Wish,
  cap: number | undefined,
): PreparedPrompt {
  const tokens = renderedTokens(engine, engine.renderChat(messages));
  const room = roomAfter(engine, tokens, 'messages');
  return limited(tokens, true, wantedTokens(wish, tokens.length), tokens.length, room, wish, cap);
}

function limited(
  tokens: readonly number[],
  templated: boolean,
  wanted: number,
  ownLength: number,
  room: number,
  wish: Wish,
  cap: number | undefined,
): PreparedPrompt {
  const maxTokens = Math.min(wanted, room, cap ?? room);
  const minTokens = Math.min(maxTokens, wish.minNewTokens ?? Math.max(0, wish.minLength - ownLength));
  return { tokens, templated, maxTokens, minTokens };
}

function wantedTokens(wish: Wish, promptLength: number): number {
  if (wish.maxNewTokens !== undefined) return wish.maxNewTokens;
  if (wish.maxLength > promptLength) return wish.maxLength - promptLength;
  throw new HttpError(
    400,
    `max_length is ${wish.maxLength} tokens, prompt and answer together, but the prompt alone has ${promptLength}. ` +
      'Raise generate_kwargs.max_length, or give max_new_tokens.',
    { param: 'max_length', code: 'invalid_value' },
  );
}

function appliesTemplate(engine: Engine, text: string, use: ChatTemplateUse): boolean {
  if (use !== 'auto') return use === 'always';
  if (!engine.info.capabilities.chatTemplate || templateMarks.test(text)) return false;
  return engine.tokenize(text, { special: true }).length === engine.tokenize(text).length;
}
