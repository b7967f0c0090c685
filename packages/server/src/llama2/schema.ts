import { z } from 'zod';

/** `parameters` of both llama-2 servers; other keys are ignored, as theirs are. */
export const parameters = z
  .object({
    max_gen_len: z
      .int()
      .min(1)
      .nullish()
      .describe('New tokens at most; bounded by the context. Default: what the context holds.'),
    temperature: z.number().min(0).max(1e6).nullish().describe('0: always the likeliest token. Default 0.6.'),
    top_p: z.number().min(0).max(1).nullish().describe('Probability mass to choose from. Default 0.9.'),
  })
  .meta({ id: 'LlamaParameters' });

/** Body of `POST /generate`; what is wrong inside is worded as the llama-2 server words it, hence the open types. */
export const completionBody = z
  .object({
    prompts: z.unknown().optional().describe('The texts to continue: a list of strings.'),
    parameters: z.unknown().optional().describe('LlamaParameters.'),
  })
  .meta({ id: 'LlamaCompletionRequest' });

/** Body of `POST /chat`. */
export const chatBody = z
  .object({
    input_data: z
      .unknown()
      .optional()
      .describe('{"input_string": [[{"role", "content"}, …], …]}: a list of conversations.'),
    parameters: z.unknown().optional().describe('LlamaParameters.'),
  })
  .meta({ id: 'LlamaChatRequest' });

export type Parameters = z.output<typeof parameters>;
