import type { ServerResponse } from 'node:http';
import { answers } from '../generation/answer.ts';
import { badParameter, HttpError } from '../http/errors.ts';
import { parseBody } from '../http/detail.ts';
import type { Service } from '../service.ts';
import { cleanUpSpaces } from './clean-up.ts';
import { readKwargs } from './kwargs.ts';
import { prepareMessages, preparePrompt } from './prompt.ts';
import { pythonDict } from './python-repr.ts';
import { chatBody } from './schema.ts';

/** `POST /chat` of KAITO's text-generation server: a prompt (or a conversation) in, `{"Result": text}` out. */
export async function textGenerationChat(
  service: Service,
  body: unknown,
  outgoing: ServerResponse,
): Promise<{ Result: string }> {
  const ask = parseBody(chatBody, body);
  const { engine, generations } = service.serving();
  const long = ask.handle_long_generation ?? null;
  if (long !== null && long !== 'hole') {
    throw badParameter('handle_long_generation', 'handle_long_generation must be null or "hole".');
  }
  const prompt = ask.prompt ?? '';
  const messages = ask.messages ?? [];
  if (prompt === '' && messages.length === 0) throw new HttpError(400, 'Text generation parameter prompt required');
  if (prompt !== '' && messages.length > 0) throw badParameter('messages', 'Give either prompt or messages, not both.');
  const wish = readKwargs(ask.generate_kwargs ?? {}, engine.info.vocabularySize);
  const { chatTemplate, maxTokens: cap } = service.options;
  const prepared =
    prompt === ''
      ? prepareMessages(engine, messages.map(toMessage), wish, cap)
      : preparePrompt(engine, (ask.prefix ?? '') + prompt, wish, chatTemplate, long === 'hole', cap);

  const job = generations.admit(wish.sequences, outgoing);
  try {
    const requests = Array.from({ length: wish.sequences }, (_, index) => ({
      prompt: prepared.tokens,
      maxTokens: prepared.maxTokens,
      minTokens: prepared.minTokens,
      sampling: { ...wish.sampling, seed: (wish.sampling.seed + index) % 2 ** 31 },
      stop: wish.stop,
    }));
    const clean = ask.clean_up_tokenization_spaces === true ? cleanUpSpaces : (text: string) => text;
    const texts = (await answers(job, requests, wish.stopTokens)).map((each) => clean(each.text));
    if (prompt === '') return { Result: texts.map((content) => pythonDict({ role: 'assistant', content })).join('') };
    if (ask.return_full_text === false) return { Result: texts.join('') };
    const lead = prepared.templated ? `${prompt}\n\n` : prompt;
    return { Result: texts.map((text) => lead + text).join('') };
  } finally {
    job.end();
  }
}

function toMessage(message: Readonly<Record<string, string>>, index: number): { role: string; content: string } {
  const { role, content } = message;
  if (role === undefined || content === undefined) {
    throw badParameter('messages', `messages[${index}] needs a role and a content.`);
  }
  return { role, content };
}
