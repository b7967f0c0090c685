import { setImmediate, setTimeout } from 'node:timers/promises';
import { EngineError } from '../engine.ts';
import type {
  ChatMessage,
  Engine,
  EngineInfo,
  EngineStats,
  FinishReason,
  GenerateEvent,
  GenerateRequest,
  TokenLogprob,
  ToolDefinition,
} from '../engine.ts';
import { Places } from './places.ts';
import { sampleOf } from './sample-json.ts';
import { TextStream } from './text-stream.ts';
import { bos, detokenize, tokenize, tokenText, turnEnd, turnStart, vocabularySize } from './tokenizer.ts';

export interface EchoEngineOptions {
  readonly modelId?: string;
  /** Tokens (bytes of text) per request, prompt and answer together. Default 8192. */
  readonly contextLength?: number;
  /** Requests at once. Default 4. */
  readonly parallel?: number;
  /** Pause before each token, shared by all running requests as in one batch; ms. Default 0. */
  readonly tokenDelayMs?: number;
  readonly adapters?: readonly string[];
  readonly embeddings?: boolean;
  /** RFC 3339. */
  readonly loadedAt: string;
}

/**
 * An engine without a model: it answers with the last user turn of a rendered chat, or with the whole prompt, once, and then ends; where more is asked
 * for (`minTokens`, `ignoreEndOfText`) it starts over. Under a constraint it answers with the smallest JSON that fits. Its tokens are UTF-8 bytes. The
 * same request always gives the same answer, so sampling options have no effect but one: a bias of −100 or less bans a token.
 */
export function openEchoEngine(options: EchoEngineOptions): Engine {
  const info: EngineInfo = {
    engine: 'echo',
    modelId: options.modelId ?? 'echo',
    contextLength: options.contextLength ?? 8192,
    parallel: options.parallel ?? 4,
    vocabularySize,
    loadedAt: options.loadedAt,
    capabilities: {
      embeddings: options.embeddings ?? false,
      grammar: true,
      logprobs: true,
      chatTemplate: true,
      tools: true,
    },
    adapters: options.adapters ?? [],
  };
  const delay = options.tokenDelayMs ?? 0;
  const places = new Places(info.parallel);
  const totals = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  let lastPrompt: readonly number[] = [];
  let step: Promise<unknown> | undefined;
  const closing = new AbortController();

  /** All running requests advance together, one token each: what one batch of a real engine does. */
  const nextStep = (): Promise<unknown> =>
    (step ??= (delay > 0 ? setTimeout(delay) : setImmediate()).finally(() => {
      step = undefined;
    }));

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    if (closing.signal.aborted) throw new EngineError('Internal', 'The engine is closed.');
    if (request.adapter !== undefined && !info.adapters.includes(request.adapter)) {
      throw new EngineError('NotSupported', `There is no adapter ${request.adapter}.`);
    }
    const source = answerTo(request);
    const stopped = AbortSignal.any([signal, closing.signal]);
    let cached = 0;
    let produced = 0;
    const end = (finishReason: FinishReason): GenerateEvent => ({
      type: 'end',
      finishReason,
      promptTokens: request.prompt.length,
      cachedTokens: cached,
      completionTokens: produced,
    });
    if (!(await places.take(stopped))) {
      yield end('aborted');
      return;
    }
    try {
      cached = sharedPrefix(lastPrompt, request.prompt);
      lastPrompt = request.prompt;
      totals.promptTokens += request.prompt.length;
      totals.cachedTokens += cached;
      const text = new TextStream(request.stop);
      const minimum = request.minTokens ?? 0;
      if (source.length === 0) {
        yield end('stop');
        return;
      }
      for (;;) {
        await nextStep();
        if (stopped.aborted) {
          yield end('aborted');
          return;
        }
        const token = source[produced % source.length]!;
        produced += 1;
        totals.completionTokens += 1;
        const saidAll = produced >= source.length && produced >= minimum && request.ignoreEndOfText !== true;
        const last = saidAll || produced >= request.maxTokens;
        let piece = text.push(token);
        if (last && !text.stopped) piece += text.end();
        yield { type: 'token', tokenId: token, text: piece, ...logprobsOf(token, request.logprobs) };
        if (last || text.stopped) {
          yield end(saidAll || text.stopped ? 'stop' : 'length');
          return;
        }
      }
    } finally {
      places.give();
    }
  }

  return {
    info,
    tokenize,
    detokenize,
    renderChat,
    generate,
    embed: async (inputs) => {
      if (!info.capabilities.embeddings) {
        throw new EngineError('NotSupported', 'This server was started without embeddings.', {
          remedy: 'Start it with --embeddings.',
        });
      }
      return inputs.map(embedding);
    },
    stats: (): EngineStats => ({ running: places.taken, waiting: places.waiting, ...totals }),
    close: async () => {
      closing.abort();
      while (places.taken > 0) await setImmediate();
    },
  };
}

const turn = (role: string, content: string) => `<|im_start|>${role}\n${content}<|im_end|>\n`;

/** ChatML; tools are listed in a first system turn. */
function renderChat(messages: readonly ChatMessage[], options: { tools?: readonly ToolDefinition[] } = {}): string {
  const tools = options.tools ?? [];
  const turns = messages.map((message) =>
    turn(message.role, message.content ?? JSON.stringify(message.tool_calls ?? [])),
  );
  return `${tools.length > 0 ? turn('system', `Tools: ${JSON.stringify(tools)}`) : ''}${turns.join('')}<|im_start|>assistant\n`;
}

/** The tokens to say: never a special one, so that none is lost in the text. */
function answerTo(request: GenerateRequest): number[] {
  if (request.constraint?.type === 'gbnf') {
    throw new EngineError('InvalidGrammar', 'The echo engine follows JSON schemas, not GBNF grammars.');
  }
  if (request.constraint !== undefined) {
    const schema = request.constraint.type === 'json_schema' ? request.constraint.schema : { type: 'object' };
    return tokenize(JSON.stringify(sampleOf(schema)));
  }
  const banned = (token: number) => (request.sampling.logitBias?.get(token) ?? 0) <= -100;
  return lastUserTurn(request.prompt).filter((token) => token < bos && !banned(token));
}

function lastUserTurn(prompt: readonly number[]): readonly number[] {
  const user = tokenize('user\n');
  for (let at = prompt.lastIndexOf(turnStart); at >= 0; at = at === 0 ? -1 : prompt.lastIndexOf(turnStart, at - 1)) {
    if (user.every((token, index) => prompt[at + 1 + index] === token)) {
      const close = prompt.indexOf(turnEnd, at);
      return prompt.slice(at + 1 + user.length, close < 0 ? undefined : close);
    }
  }
  return prompt;
}

function sharedPrefix(before: readonly number[], prompt: readonly number[]): number {
  const most = Math.min(before.length, prompt.length - 1);
  let count = 0;
  while (count < most && before[count] === prompt[count]) count += 1;
  return Math.max(count, 0);
}

function logprobsOf(
  token: number,
  wanted: number | undefined,
): { logprob?: TokenLogprob; alternatives?: TokenLogprob[] } {
  if (wanted === undefined) return {};
  const likely = tokenLogprob(token, Math.log(0.9));
  return { logprob: likely, alternatives: [likely, tokenLogprob((token + 1) % bos, Math.log(0.1))].slice(0, wanted) };
}

function tokenLogprob(tokenId: number, logprob: number): TokenLogprob {
  return { token: tokenText(tokenId), tokenId, logprob, bytes: tokenId < bos ? [tokenId] : [] };
}

/** Eight byte-class counts, scaled to unit length. */
function embedding(tokens: readonly number[]): Float32Array {
  const vector = new Float32Array(8);
  for (const token of tokens) vector[token % 8]! += 1;
  const length = Math.hypot(...vector);
  return length === 0 ? vector.fill(Math.sqrt(1 / 8)) : vector.map((value) => value / length);
}
