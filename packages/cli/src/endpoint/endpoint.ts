import { failure, type Failure } from '../failure.ts';
import { printable } from '../terminal/terminal.ts';
import { eventData } from './server-sent-events.ts';

/** A running Workspace's server. */
export interface Endpoint {
  /** Base URL without a slash at the end. */
  readonly url: string;
  readonly apiKey?: string;
}

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Sampling as the flags of `kaito chat` give it; what is absent is the server's default. */
export interface ChatOptions {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly seed?: number;
}

/** The question of the walkthrough that KAITO's users know. */
export const seedQuestion = 'Who is Inigo Montoya and from what movie?';

/** A `curl` line, ready to be copied, that asks the seed's question through `POST /chat`. */
export function curlLine(endpoint: Endpoint, apiKeyFile?: string): string {
  const body = JSON.stringify({ prompt: seedQuestion, generate_kwargs: { max_length: 200 } });
  return [
    `curl -X POST ${endpoint.url}/chat`,
    '-H "accept: application/json"',
    '-H "Content-Type: application/json"',
    ...(apiKeyFile == null ? [] : [`-H "Authorization: Bearer $(cat ${quoted(apiKeyFile)})"`]),
    `-d '${body}'`,
  ].join(' \\\n  ');
}

/** A word of a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The seed's question through `POST /chat`; the whole `Result`. Throws Failure. */
export async function ask(endpoint: Endpoint, prompt: string, signal: AbortSignal): Promise<string> {
  const response = await send(endpoint, '/chat', { prompt, generate_kwargs: { max_length: 200 } }, signal);
  const answer: unknown = await response.json();
  const result = typeof answer === 'object' && answer != null && 'Result' in answer ? answer.Result : undefined;
  if (typeof result !== 'string') throw failure('InvalidAnswer', `${endpoint.url}/chat answered without a Result.`);
  return result;
}

/**
 * Streams the answer to `messages` through `POST /v1/chat/completions`, piece by piece; from a server that has no OpenAI API it comes whole.
 * Throws Failure.
 */
export async function* converse(
  endpoint: Endpoint,
  messages: readonly Message[],
  options: ChatOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const model = await firstModel(endpoint, signal);
  if (model == null) {
    const { answerBeforeOpenAI } = await import('./before-openai.ts');
    yield await answerBeforeOpenAI(endpoint, messages, options, signal);
    return;
  }
  const body = {
    model,
    messages,
    stream: true,
    ...(options.maxTokens == null ? {} : { max_completion_tokens: options.maxTokens }),
    ...(options.temperature == null ? {} : { temperature: options.temperature }),
    ...(options.seed == null ? {} : { seed: options.seed }),
  };
  const response = await send(endpoint, '/v1/chat/completions', body, signal);
  if (response.body == null) throw failure('InvalidAnswer', `${endpoint.url} answered without a body.`);
  let finished = false;
  for await (const data of eventData(response.body)) {
    if (data === '[DONE]') return;
    const event = parsed(data);
    if (event.error != null)
      throw failure(event.error.code ?? 'ServerError', event.error.message ?? 'The server broke off.');
    const choice = event.choices?.[0];
    if (choice?.finish_reason != null) finished = true;
    const text = choice?.delta?.content;
    if (text != null && text !== '') yield text;
  }
  if (!finished) {
    throw failure(
      'AnswerCutOff',
      'The server ended the connection in the middle of the answer.',
      "See 'kaito logs' for what happened.",
    );
  }
}

interface ChatChunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly error?: { readonly message?: string; readonly code?: string };
}

function parsed(data: string): ChatChunk {
  try {
    return JSON.parse(data) as ChatChunk;
  } catch {
    throw failure('InvalidAnswer', `The server sent an event that is no JSON: ${printable(data).slice(0, 80)}.`);
  }
}

/** Undefined: the server has no OpenAI API. */
async function firstModel(endpoint: Endpoint, signal: AbortSignal): Promise<string | undefined> {
  const response = await request(endpoint, '/v1/models', { signal }, [404]);
  if (!response.ok) return undefined;
  const { data } = (await response.json()) as { data?: readonly { id?: string }[] };
  const id = data?.[0]?.id;
  if (id == null) throw failure('InvalidAnswer', `${endpoint.url}/v1/models names no model.`);
  return id;
}

/** Posts JSON. Throws Failure for what is refused. */
export const send = (endpoint: Endpoint, path: string, body: unknown, signal: AbortSignal): Promise<Response> =>
  request(endpoint, path, { method: 'POST', body: JSON.stringify(body), signal });

async function request(
  endpoint: Endpoint,
  path: string,
  init: RequestInit,
  expected: readonly number[] = [],
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', 'content-type': 'application/json' };
  if (endpoint.apiKey != null) headers['authorization'] = `Bearer ${endpoint.apiKey}`;
  const response = await fetch(`${endpoint.url}${path}`, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error;
    throw failure(
      'Unreachable',
      `${endpoint.url} doesn't answer: ${reason(error)}.`,
      "See how it stands with 'kaito describe', and why with 'kaito logs'.",
    );
  });
  if (!response.ok && !expected.includes(response.status)) throw await refused(response, path);
  return response;
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as { code?: unknown };
  return cause.message !== '' ? cause.message : typeof code === 'string' ? code : 'the connection failed';
}

async function refused(response: Response, path: string): Promise<Failure> {
  const text = await response.text();
  const said = messageOf(text) ?? (printable(text).trim().slice(0, 200) || response.statusText);
  const sentence = /[.!?]$/.test(said) ? said : `${said}.`;
  const message = `POST ${path} answered ${response.status}: ${sentence}`;
  switch (response.status) {
    case 401:
    case 403:
      return failure('Unauthorized', message, 'Give the API key with --api-key-file FILE.');
    case 429:
    case 503: {
      const after = response.headers.get('retry-after');
      return failure('Busy', message, after == null ? 'Try again in a moment.' : `Try again in ${after} seconds.`);
    }
    default:
      return failure(
        response.status < 500 ? 'BadRequest' : 'ServerError',
        message,
        response.status < 500 ? undefined : "See 'kaito logs'.",
      );
  }
}

function messageOf(text: string): string | undefined {
  try {
    const { error, detail, message } = JSON.parse(text) as {
      error?: { message?: string } | string;
      detail?: unknown;
      message?: string;
    };
    if (typeof error === 'string') return error;
    return error?.message ?? (typeof detail === 'string' ? detail : message);
  } catch {
    return undefined;
  }
}
