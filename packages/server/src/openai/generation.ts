import { randomInt } from 'node:crypto';
import type { Engine, GenerateRequest, OutputConstraint, SamplingOptions } from '../engine/engine.ts';
import { roomAfter } from '../generation/prompt.ts';
import { badParameter, HttpError } from '../http/errors.ts';
import { adapterFor } from './models.ts';
import type { ChatBody, CompletionBody } from './schema.ts';

interface Extras {
  /** The name under which the client gave it, and the number; absent: `fallback`, or what the context holds. */
  readonly maxTokens: { readonly param: string; readonly wanted: number | undefined; readonly fallback?: number };
  readonly promptParam: string;
  readonly constraint?: OutputConstraint;
  /** Alternatives per token. */
  readonly logprobs?: number;
  /** The server's own bound on new tokens. */
  readonly cap: number | undefined;
}

/** One engine request per answer wanted (`n`), with consecutive seeds. Throws 400 where prompt and answer do not fit the context. */
export function requestsFor(
  engine: Engine,
  body: ChatBody | CompletionBody,
  prompt: readonly number[],
  extras: Extras,
): readonly GenerateRequest[] {
  const adapter = adapterFor(engine, body.model);
  if (extras.logprobs !== undefined && !engine.info.capabilities.logprobs) {
    throw badParameter('logprobs', 'logprobs is not supported by this engine.', 'unsupported_parameter');
  }
  const maxTokens = boundedTokens(engine, prompt, extras);
  const sampling = readSampling(body, engine.info.vocabularySize);
  return Array.from({ length: body.n ?? 1 }, (_, index) => ({
    prompt,
    maxTokens,
    minTokens: Math.min(body.min_tokens ?? 0, maxTokens),
    sampling: { ...sampling, seed: (sampling.seed + index) % 2 ** 31 },
    stop: [body.stop ?? []].flat().filter((text) => text !== ''),
    ...(body.ignore_eos === true ? { ignoreEndOfText: true } : {}),
    ...(extras.constraint === undefined ? {} : { constraint: extras.constraint }),
    ...(extras.logprobs === undefined ? {} : { logprobs: extras.logprobs }),
    ...adapter,
  }));
}

function boundedTokens(engine: Engine, prompt: readonly number[], extras: Extras): number {
  const { param, wanted, fallback } = extras.maxTokens;
  const room = roomAfter(engine, prompt, extras.promptParam);
  if (wanted === undefined) return Math.min(fallback ?? room, room, extras.cap ?? room);
  if (extras.cap !== undefined && wanted > extras.cap) {
    throw badParameter(param, `${param} is ${wanted}, but this server gives at most ${extras.cap} tokens per answer.`);
  }
  if (wanted <= room) return wanted;
  throw new HttpError(
    400,
    `This model's maximum context length is ${engine.info.contextLength} tokens. However, you requested ${prompt.length + wanted} tokens ` +
      `(${prompt.length} in the prompt, ${wanted} in the completion). Please reduce the prompt or ${param}.`,
    { param, code: 'context_length_exceeded' },
  );
}

function readSampling(body: ChatBody | CompletionBody, vocabularySize: number): SamplingOptions {
  const bias = new Map<number, number>();
  for (const [key, value] of Object.entries(body.logit_bias ?? {})) {
    const id = /^\d{1,9}$/.test(key) ? Number(key) : vocabularySize;
    if (id >= vocabularySize)
      throw badParameter('logit_bias', `logit_bias names ${key}, which is no token of this model.`);
    bias.set(id, value);
  }
  return {
    temperature: body.temperature ?? 1,
    topK: body.top_k ?? 0,
    topP: body.top_p ?? 1,
    minP: body.min_p ?? 0,
    repetitionPenalty: body.repetition_penalty ?? 1,
    frequencyPenalty: body.frequency_penalty ?? 0,
    presencePenalty: body.presence_penalty ?? 0,
    ...(bias.size > 0 ? { logitBias: bias } : {}),
    seed: body.seed === undefined ? randomInt(2 ** 31) : Math.abs(body.seed) % 2 ** 31,
  };
}
