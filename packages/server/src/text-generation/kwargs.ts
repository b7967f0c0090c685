import { randomInt } from 'node:crypto';
import type { SamplingOptions } from '../engine/engine.ts';
import { badParameter } from '../http/errors.ts';
import { generateKwargs } from './schema.ts';
import type { GenerateKwargs } from './schema.ts';

/** Fields that act only in ways that no engine here knows, with the one value that means "off". */
const offValues: Readonly<Record<string, unknown>> = {
  early_stopping: false,
  num_beams: 1,
  num_beam_groups: 1,
  diversity_penalty: 0,
  typical_p: 1,
  length_penalty: 1,
  no_repeat_ngram_size: 0,
  encoder_no_repeat_ngram_size: 0,
  output_scores: false,
  return_dict_in_generate: false,
  forced_bos_token_id: null,
  forced_eos_token_id: null,
  remove_invalid_values: false,
  use_cache: true,
};

/** What generate_kwargs ask for, in the engine's terms. Tokens throughout. */
export interface Wish {
  readonly maxLength: number;
  readonly maxNewTokens: number | undefined;
  readonly minLength: number;
  readonly minNewTokens: number | undefined;
  readonly sequences: number;
  readonly sampling: SamplingOptions;
  readonly stop: readonly string[];
  readonly stopTokens: ReadonlySet<number>;
}

/**
 * Reads generate_kwargs with KAITO's defaults. Throws 400 with the name of a field that asks for what the engine cannot do, of an unknown
 * field, or of a token id outside the vocabulary.
 */
export function readKwargs(kwargs: GenerateKwargs, vocabularySize: number): Wish {
  for (const [name, value] of Object.entries(kwargs)) {
    if (!(name in generateKwargs.shape) && value !== null) {
      throw badParameter(name, `generate_kwargs.${name} is not supported by this server.`, 'not_supported');
    }
    if (name in offValues && value !== null && value !== offValues[name]) {
      throw badParameter(
        name,
        `generate_kwargs.${name} is not supported by this engine beyond its default ${JSON.stringify(offValues[name])}.`,
        'not_supported',
      );
    }
  }
  const sample = kwargs.do_sample ?? true;
  const sequences = kwargs.num_return_sequences ?? 1;
  if (!sample && sequences > 1) {
    throw badParameter('num_return_sequences', 'num_return_sequences above 1 needs do_sample: true.');
  }
  const token = (name: string, id: number): number => {
    if (id < vocabularySize) return id;
    throw badParameter(name, `generate_kwargs.${name} has ${id}, but the vocabulary ends at ${vocabularySize - 1}.`);
  };
  if (kwargs.pad_token_id != null) token('pad_token_id', kwargs.pad_token_id);
  const banned = (kwargs.bad_words_ids ?? []).flat().map((id) => token('bad_words_ids', id));
  const ends = [kwargs.eos_token_id ?? []].flat().map((id) => token('eos_token_id', id));
  return {
    maxLength: kwargs.max_length ?? 200,
    maxNewTokens: kwargs.max_new_tokens ?? undefined,
    minLength: kwargs.min_length ?? 0,
    minNewTokens: kwargs.min_new_tokens ?? undefined,
    sequences,
    sampling: {
      temperature: sample ? (kwargs.temperature ?? 1) : 0,
      topK: kwargs.top_k ?? 10,
      topP: kwargs.top_p ?? 1,
      minP: kwargs.min_p ?? 0,
      repetitionPenalty: kwargs.repetition_penalty ?? 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      seed: kwargs.seed ?? randomInt(2 ** 31),
      ...(banned.length > 0 ? { logitBias: new Map(banned.map((id) => [id, -100])) } : {}),
    },
    stop: [kwargs.stop ?? [], kwargs.stop_strings ?? []].flat().filter((text) => text !== ''),
    stopTokens: new Set(ends),
  };
}
