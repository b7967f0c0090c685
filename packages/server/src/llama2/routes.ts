import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ChatMessage, GenerateRequest } from '../engine/engine.ts';
import { answers } from '../generation/answer.ts';
import type { Answer } from '../generation/answer.ts';
import { plainTokens, renderedTokens, roomAfter } from '../generation/prompt.ts';
import { parseBody } from '../http/detail.ts';
import { HttpError } from '../http/errors.ts';
import type { Service, Serving } from '../service.ts';
import { completionBody, chatBody, parameters } from './schema.ts';
import type { Parameters } from './schema.ts';

/** `POST /generate` of KAITO's llama-2 completion server: prompts in, one response each, in their order. */
export async function llamaCompletion(service: Service, body: unknown, outgoing: ServerResponse): Promise<object> {
  const { prompts, parameters: given } = parseBody(completionBody, body);
  const serving = service.serving();
  if (!Array.isArray(prompts)) throw new HttpError(400, 'Prompts are required and should be an array');
  const texts = prompts.map((prompt: unknown, index) => {
    if (typeof prompt === 'string') return prompt;
    throw failed(`prompts[${index}] must be a string`);
  });
  const tokens = texts.map((text) => plainTokens(serving.engine, text));
  const found = await generateAll(service, serving, tokens, readParameters(given), outgoing);
  return { results: found.map((answer, index) => ({ prompt: texts[index], response: answer.text })) };
}

/** `POST /chat` of KAITO's llama-2 chat server: conversations in, the same with the reply out, roles capitalised. */
export async function llamaChat(service: Service, body: unknown, outgoing: ServerResponse): Promise<object> {
  const { input_data: input, parameters: given } = parseBody(chatBody, body);
  const serving = service.serving();
  if (input === undefined || input === null) throw new HttpError(400, 'Input data is required');
  const dialogs = isRecord(input) ? input['input_string'] : undefined;
  if (dialogs === undefined || dialogs === null) throw new HttpError(400, 'Input string is required');
  if (!Array.isArray(dialogs)) throw failed('input_data.input_string must be a list of conversations');
  const conversations = dialogs.map(readConversation);
  const tokens = conversations.map((messages) => renderedTokens(serving.engine, serving.engine.renderChat(messages)));
  const found = await generateAll(service, serving, tokens, readParameters(given), outgoing);
  return {
    results: found.map((answer, index) => [
      ...conversations[index]!.map(({ role, content }) => ({ role: capitalised(role), content })),
      { role: 'Assistant', content: answer.text },
    ]),
  };
}

async function generateAll(
  service: Service,
  { engine, generations }: Serving,
  prompts: readonly (readonly number[])[],
  parameters: Parameters,
  outgoing: ServerResponse,
): Promise<readonly Answer[]> {
  if (prompts.length === 0) throw new HttpError(404, 'No results');
  const cap = service.options.maxTokens ?? Number.POSITIVE_INFINITY;
  const seed = randomInt(2 ** 31);
  const requests = prompts.map((prompt, index): GenerateRequest => {
    const room = roomAfter(engine, prompt, `prompts[${index}]`);
    return {
      prompt,
      maxTokens: Math.min(parameters.max_gen_len ?? room, room, cap),
      sampling: {
        temperature: parameters.temperature ?? 0.6,
        topK: 0,
        topP: parameters.top_p ?? 0.9,
        minP: 0,
        repetitionPenalty: 1,
        frequencyPenalty: 0,
        presencePenalty: 0,
        seed: (seed + index) % 2 ** 31,
      },
      stop: [],
    };
  });
  const job = generations.admit(requests.length, outgoing);
  try {
    return await answers(job, requests);
  } catch (error) {
    if (error instanceof HttpError && error.status === 504) throw new HttpError(408, 'Request Timed Out');
    throw error;
  } finally {
    job.end();
  }
}

function readParameters(given: unknown): Parameters {
  const read = parameters.safeParse(given ?? {});
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  throw failed(`${['parameters', ...issue.path].join('.')}: ${issue.message}`);
}

function readConversation(dialog: unknown, index: number): ChatMessage[] {
  if (!Array.isArray(dialog) || dialog.length === 0) {
    throw failed(`input_data.input_string[${index}] must be a list of messages`);
  }
  return dialog.map((message: unknown, at) => {
    const { role, content } = isRecord(message) ? message : {};
    if (typeof role === 'string' && typeof content === 'string') return { role, content };
    throw failed(`input_data.input_string[${index}][${at}] needs a role and a content`);
  });
}

function failed(text: string): HttpError {
  return new HttpError(400, `Request Failed: ${text}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As Python's `str.capitalize`. */
function capitalised(role: string): string {
  return role.slice(0, 1).toUpperCase() + role.slice(1).toLowerCase();
}
