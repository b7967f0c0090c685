import { z } from 'zod';
import type { OffValues } from './parse.ts';

const tokenIds = z.array(z.int().min(0)).min(1);
const label = () => z.string().max(512).optional().describe('A label of the client; accepted, without effect here.');

/** Parameters that completions and chats share. */
const shared = {
  model: z.string().describe("The model's id, or the name of an adapter; see /v1/models."),
  temperature: z.number().min(0).max(2).optional().describe('0: always the likeliest token. Default 1.'),
  top_p: z.number().min(0).max(1).optional().describe('Probability mass to choose from. Default 1.'),
  frequency_penalty: z.number().min(-2).max(2).optional().describe('Default 0.'),
  presence_penalty: z.number().min(-2).max(2).optional().describe('Default 0.'),
  logit_bias: z
    .record(z.string(), z.number().min(-100).max(100))
    .optional()
    .describe('Token id to bias; −100 bans it.'),
  seed: z.int().optional().describe('For the same answer again. Default: random.'),
  n: z.int().min(1).max(128).optional().describe('Answers per prompt. Default 1.'),
  stop: z
    .union([z.string(), z.array(z.string()).max(16)])
    .optional()
    .describe('The answer ends before any of these texts.'),
  stream: z.boolean().optional().describe('Send the answer as server-sent events. Default false.'),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional() })
    .optional()
    .describe('Whether the stream ends with usage.'),
  user: label(),
  top_k: z.int().min(0).max(1_000_000).optional().describe('Beyond OpenAI: tokens to choose from; 0: all. Default 0.'),
  min_p: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Beyond OpenAI: least probability relative to the likeliest. Default 0.'),
  repetition_penalty: z
    .number()
    .min(0.01)
    .max(100)
    .optional()
    .describe('Beyond OpenAI: multiplicative; 1: off. Default 1.'),
  min_tokens: z.int().min(0).optional().describe('Beyond OpenAI: tokens before the answer may end. Default 0.'),
  ignore_eos: z
    .boolean()
    .optional()
    .describe("Beyond OpenAI: go on past the model's end-of-text token. Default false."),
};

export const completionBody = z
  .strictObject({
    ...shared,
    prompt: z
      .union([z.string(), tokenIds, z.array(z.string()).min(1).max(128), z.array(tokenIds).min(1).max(128)])
      .describe('Text or token ids, one or several.'),
    max_tokens: z.int().min(1).optional().describe('New tokens at most. Default 16.'),
    logprobs: z.int().min(0).max(20).optional().describe('Alternatives to report per token.'),
    echo: z
      .boolean()
      .optional()
      .describe('Put the prompt before the answer; not together with logprobs. Default false.'),
    best_of: z.int().min(1).optional().describe('Only n: no more is generated than returned.'),
  })
  .meta({ id: 'CompletionRequest' });

export const completionOff: OffValues = { suffix: [''] };

const toolCall = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z
    .union([
      z.string(),
      z.array(z.object({ type: z.literal('text', 'only text content is supported'), text: z.string() })),
    ])
    .nullish(),
  name: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: z.string().nullish(),
});

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
});

export const chatBody = z
  .strictObject({
    ...shared,
    messages: z.array(message).min(1).describe('The conversation.'),
    max_tokens: z.int().min(1).optional().describe('As max_completion_tokens.'),
    max_completion_tokens: z.int().min(1).optional().describe('New tokens at most. Default: what the context holds.'),
    logprobs: z.boolean().optional().describe('Report the log-probability of each token. Default false.'),
    top_logprobs: z.int().min(0).max(20).optional().describe('Alternatives to report per token; needs logprobs.'),
    response_format: z
      .union([
        z.strictObject({ type: z.enum(['text', 'json_object']) }),
        z.strictObject({
          type: z.literal('json_schema'),
          json_schema: z.object({
            name: z.string(),
            description: z.string().nullish(),
            schema: z.record(z.string(), z.unknown()).nullish(),
            strict: z.boolean().nullish(),
          }),
        }),
      ])
      .optional()
      .describe('The answer is held to JSON, or to a JSON schema, by grammar.'),
    tools: z.array(tool).max(128).optional().describe('Functions that the model may call.'),
    tool_choice: z
      .union([
        z.enum(['none', 'auto', 'required']),
        z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
      ])
      .optional()
      .describe('Default auto with tools, else none.'),
    parallel_tool_calls: z.boolean().optional().describe('False: only the first call is returned. Default true.'),
    metadata: z
      .record(z.string(), z.string())
      .optional()
      .describe('Labels of the client; accepted, without effect here.'),
    prompt_cache_key: label(),
    safety_identifier: label(),
  })
  .meta({ id: 'ChatCompletionRequest' });

export const chatOff: OffValues = {
  store: [false],
  service_tier: ['auto', 'default'],
  modalities: [['text']],
  audio: [],
  prediction: [],
  reasoning_effort: ['none'],
  verbosity: ['medium'],
  web_search_options: [],
  functions: [],
  function_call: ['none'],
};

export const embeddingBody = z
  .strictObject({
    model: shared.model,
    input: z
      .union([z.string(), tokenIds, z.array(z.string()).min(1).max(2048), z.array(tokenIds).min(1).max(2048)])
      .describe('Text or token ids, one or several.'),
    encoding_format: z.enum(['float', 'base64']).optional().describe('Default float.'),
    user: label(),
  })
  .meta({ id: 'EmbeddingRequest' });

export const embeddingOff: OffValues = { dimensions: [] };

export type CompletionBody = z.output<typeof completionBody>;
export type ChatBody = z.output<typeof chatBody>;
export type EmbeddingBody = z.output<typeof embeddingBody>;
