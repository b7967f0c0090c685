import type { ServerResponse } from 'node:http';
import type { GenerateEvent } from '../engine/engine.ts';
import { errorBody, toHttpError } from '../http/errors.ts';
import { EventStream } from '../http/event-stream.ts';
import type { Service } from '../service.ts';

/** A JSON answer, or word that the answer went out as a stream. */
export type Reply = object | 'streamed';

type EndEvent = Extract<GenerateEvent, { type: 'end' }>;

/**
 * Streams an answer. The head of the response goes out with the first event, so that what fails before still gets its own status; what fails
 * later is told as a last event with `error`, in place of `[DONE]`.
 */
export async function streamReply(
  service: Service,
  outgoing: ServerResponse,
  write: (stream: EventStream) => Promise<void>,
): Promise<'streamed'> {
  const stream = new EventStream(outgoing, service.options.stallMs);
  try {
    await write(stream);
    await stream.send('[DONE]');
  } catch (error) {
    if (!stream.opened) throw error;
    const told = toHttpError(error);
    if (told.status === 500) service.internalError(told.options.cause ?? error);
    await stream.send(JSON.stringify(errorBody('openai', told)));
  }
  stream.end();
  return 'streamed';
}

/** OpenAI's `usage`: the prompt counts once per prompt, however many answers it got. */
export function usageOf(ends: readonly EndEvent[], answersPerPrompt: number): object {
  const prompts = ends.filter((_, index) => index % answersPerPrompt === 0);
  const sum = (events: readonly EndEvent[], read: (event: EndEvent) => number) =>
    events.reduce((total, event) => total + read(event), 0);
  const promptTokens = sum(prompts, (end) => end.promptTokens);
  const completionTokens = sum(ends, (end) => end.completionTokens);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: sum(prompts, (end) => end.cachedTokens) },
  };
}
