import { Failure, failure } from '../failure.ts';
import { type ChatOptions, type Endpoint, type Message, send } from './endpoint.ts';

/** Tokens of an answer where none are asked for: the server's own bound of 200 counts the question too. */
const answerTokens = 256;

/**
 * The answer of a server that has no OpenAI API, whole: the images of KAITO 0.2 and before, which are one of four kinds that only their answers
 * tell apart. Throws Failure.
 */
export async function answerBeforeOpenAI(
  endpoint: Endpoint,
  messages: readonly Message[],
  options: ChatOptions,
  signal: AbortSignal,
): Promise<string> {
  const { maxTokens = answerTokens, temperature } = options;
  const prompt = transcript(messages);
  const generate_kwargs = { max_new_tokens: maxTokens, ...(temperature != null && { temperature }) };
  const parameters = { max_gen_len: maxTokens, ...(temperature != null && { temperature }) };
  const post = async (path: string, body: object): Promise<unknown> =>
    (await send(endpoint, path, body, signal)).json();
  try {
    return resultOf(await post('/chat', { prompt, return_full_text: false, generate_kwargs }), endpoint);
  } catch (error) {
    const said = error instanceof Failure ? error.message : '';
    if (said.includes('Conversational parameter messages required')) {
      const answer = resultOf(await post('/chat', { messages, generate_kwargs }), endpoint);
      return contentOfDict(answer) ?? answer;
    }
    if (said.includes('Input data is required')) {
      const answer = await post('/chat', { input_data: { input_string: [messages] }, parameters });
      const [dialog] = (answer as { readonly results?: readonly (readonly Partial<Message>[])[] }).results ?? [];
      return text(dialog?.at(-1)?.content, endpoint);
    }
    if (said.includes('/chat answered 404')) {
      const answer = await post('/generate', { prompts: [prompt], parameters });
      const [first] = (answer as { readonly results?: readonly { readonly response?: string }[] }).results ?? [];
      return text(first?.response, endpoint);
    }
    throw error;
  }
}

/** One question as it is; a conversation as lines that a model without a chat template goes on with. */
function transcript(messages: readonly Message[]): string {
  const [first, ...others] = messages;
  if (first?.role === 'user' && others.length === 0) return first.content;
  const names = { system: 'System', user: 'User', assistant: 'Assistant' };
  return `${messages.map(({ role, content }) => `${names[role]}: ${content}\n`).join('')}Assistant:`;
}

function resultOf(answer: unknown, endpoint: Endpoint): string {
  return text((answer as { readonly Result?: unknown } | null)?.Result, endpoint);
}

function text(answer: unknown, { url }: Endpoint): string {
  if (typeof answer !== 'string') throw failure('InvalidAnswer', `${url} answered without a text.`);
  return answer.trim();
}

/** The content of a message in Python's notation, `{'role': 'assistant', 'content': '…'}`. */
function contentOfDict(answer: string): string | undefined {
  const match = /^\{'role': 'assistant', 'content': (['"])(.*)\1\}$/s.exec(answer);
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return match?.[2]!.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter).trim();
}
