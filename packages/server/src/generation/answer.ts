import type { GenerateEvent, GenerateRequest } from '../engine/engine.ts';
import type { Job } from './generations.ts';

type TokenEvent = Extract<GenerateEvent, { type: 'token' }>;
type EndEvent = Extract<GenerateEvent, { type: 'end' }>;

/** A whole answer. */
export interface Answer {
  readonly text: string;
  readonly tokens: readonly TokenEvent[];
  readonly end: EndEvent;
}

/** Generates to the end. Throws what cut it short, so that a partial text is never taken for an answer. */
export async function answer(job: Job, request: GenerateRequest, stopTokens?: ReadonlySet<number>): Promise<Answer> {
  let text = '';
  const tokens: TokenEvent[] = [];
  const counts = { promptTokens: request.prompt.length, cachedTokens: 0 };
  for await (const event of job.generate(request)) {
    if (event.type === 'end') {
      if (event.finishReason === 'aborted') job.interrupted();
      return { text, tokens, end: event };
    }
    if (stopTokens?.has(event.tokenId) === true && tokens.length >= (request.minTokens ?? 0)) {
      return { text, tokens, end: { type: 'end', finishReason: 'stop', ...counts, completionTokens: tokens.length } };
    }
    text += event.text;
    tokens.push(event);
  }
  return job.interrupted();
}

/** Generates several answers at once; the first failure ends them all. */
export async function answers(
  job: Job,
  requests: readonly GenerateRequest[],
  stopTokens?: ReadonlySet<number>,
): Promise<readonly Answer[]> {
  return await Promise.all(requests.map((request) => answer(job, request, stopTokens)));
}
