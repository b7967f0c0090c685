import { z } from 'zod';
import { notAnInteger } from '../http/detail.ts';

/** As pydantic does: a number may come as text. */
const fromText = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value);
const booleans = new Map<unknown, boolean>([
  ['true', true],
  ['false', false],
  [1, true],
  [0, false],
]);
const toBoolean = (value: unknown) => booleans.get(typeof value === 'string' ? value.toLowerCase() : value) ?? value;

const most = 2_147_483_647;
const integer = (least = 0) => z.preprocess(fromText, z.int(notAnInteger).min(least).max(most));
const float = (least = 0, greatest = 1e6) => z.preprocess(fromText, z.number().min(least).max(greatest));
const boolean = () => z.preprocess(toBoolean, z.boolean());
/** `null` is the same as leaving the field out. */
const optional = <T extends z.ZodType>(schema: T, text: string) => schema.nullish().describe(text);
const only = (value: string) => `Only ${value}: the engine does not do more.`;

/** `generate_kwargs` of transformers 4.37, as far as KAITO's server declares them, and the further keys that this server knows. */
export const generateKwargs = z
  .looseObject({
    max_length: optional(
      integer(),
      'Tokens of the prompt and the answer together, what a chat template adds not counted; bounded by the context. Default 200.',
    ),
    min_length: optional(integer(), 'Tokens of prompt and answer before the answer may end. Default 0.'),
    do_sample: optional(boolean(), 'False: always the likeliest token. Default true.'),
    temperature: optional(float(), 'Default 1.0.'),
    top_k: optional(integer(), 'Tokens to choose from; 0: all. Default 10.'),
    top_p: optional(float(0, 1), 'Probability mass to choose from. Default 1.'),
    repetition_penalty: optional(float(0.01, 100), 'Multiplicative; 1: off. Default 1.'),
    num_return_sequences: optional(integer(1), 'Answers, concatenated in Result. Default 1.'),
    bad_words_ids: optional(
      z.array(z.union([z.int().min(0), z.array(z.int().min(0)).length(1)])),
      'Tokens never to generate, one id each. Default none.',
    ),
    pad_token_id: optional(integer(), 'Accepted; nothing is ever padded.'),
    eos_token_id: optional(
      z.union([integer(), z.array(z.int().min(0))]),
      "Tokens that end the answer, beside the model's own.",
    ),
    early_stopping: optional(z.union([boolean(), z.string()]), only('false')),
    num_beams: optional(integer(), only('1')),
    num_beam_groups: optional(integer(), only('1')),
    diversity_penalty: optional(float(), only('0.0')),
    typical_p: optional(float(), only('1')),
    length_penalty: optional(float(-1e6), only('1')),
    no_repeat_ngram_size: optional(integer(), only('0')),
    encoder_no_repeat_ngram_size: optional(integer(), only('0')),
    output_scores: optional(boolean(), only('false')),
    return_dict_in_generate: optional(boolean(), only('false')),
    forced_bos_token_id: optional(integer(), only('null')),
    forced_eos_token_id: optional(integer(), only('null')),
    remove_invalid_values: optional(boolean(), only('false')),
    use_cache: optional(boolean(), only('true')),
    max_new_tokens: optional(integer(1), 'Tokens of the answer; takes precedence over max_length.'),
    min_new_tokens: optional(integer(), 'Tokens of the answer before it may end; takes precedence over min_length.'),
    min_p: optional(float(0, 1), 'Least probability, relative to the likeliest token; 0: off. Default 0.'),
    seed: optional(integer(), 'For the same answer again. Default: random.'),
    stop: optional(z.union([z.string(), z.array(z.string()).max(16)]), 'The answer ends before any of these texts.'),
    stop_strings: optional(z.union([z.string(), z.array(z.string()).max(16)]), 'As stop.'),
  })
  .meta({ id: 'GenerateKwargs' });

/** Body of `POST /chat`. Unknown top-level fields are ignored, as KAITO's server does. */
export const chatBody = z
  .object({
    prompt: optional(
      z.string(),
      "The text to continue, or the question to answer: a plain prompt goes through the model's chat template where it has one (--chat-template).",
    ),
    return_full_text: optional(
      boolean(),
      'Whether Result begins with the prompt (and an empty line, where the chat template was applied). Default true.',
    ),
    clean_up_tokenization_spaces: optional(
      boolean(),
      'Remove the spaces before punctuation in the answer. Default false.',
    ),
    prefix: optional(z.string(), 'Put before the prompt for the model, and not returned.'),
    handle_long_generation: optional(
      z.string(),
      'null: a prompt that is too long is refused; "hole": its beginning is cut off so that the answer fits.',
    ),
    generate_kwargs: optional(generateKwargs, 'How to generate; absent and null: all defaults.'),
    messages: optional(
      z.array(z.record(z.string(), z.string())),
      'A conversation of {"role", "content"}, in place of a prompt; Result is the text form of the answering message.',
    ),
  })
  .meta({ id: 'ChatRequest' });

export type GenerateKwargs = z.output<typeof generateKwargs>;
export type ChatBody = z.output<typeof chatBody>;
