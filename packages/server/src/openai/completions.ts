import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Engine, GenerateEvent, GenerateRequest } from '../engine/engine.ts';
import { answers } from '../generation/answer.ts';
import type { Job } from '../generation/generations.ts';
import { plainTokens } from '../generation/prompt.ts';
import { badParameter } from '../http/errors.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Service } from '../service.ts';
import { requestsFor } from './generation.ts';
import { completionLogprobs } from './logprobs.ts';
import { adapterFor } from './models.ts';
import { parseRequest } from './parse.ts';
import { streamReply, usageOf } from './reply.ts';
import type { Reply } from './reply.ts';
import { completionBody, completionOff } from './schema.ts';
import type { CompletionBody } from './schema.ts';

type EndEvent = Extract<GenerateEvent, { type: 'end' }>;

/** `POST /v1/completions`. */
export async function completions(service: Service, raw: unknown, outgoing: ServerResponse): Promise<Reply> {
  const body = parseRequest(completionBody, raw, completionOff);
  const { engine, generations } = service.serving();
  adapterFor(engine, body.model);
  const n = body.n ?? 1;
  if ((body.best_of ?? n) !== n)
    throw badParameter('best_of', 'best_of other than n is not supported.', 'unsupported_parameter');
  if (body.echo === true && body.logprobs !== undefined) {
    throw badParameter('logprobs', 'logprobs together with echo is not supported.', 'unsupported_parameter');
  }
  const prompts = readPrompts(engine, body.prompt);
  const requests = prompts.flatMap(({ tokens }) =>
    requestsFor(engine, body, tokens, {
      maxTokens: { param: 'max_tokens', wanted: body.max_tokens, fallback: 16 },
      promptParam: 'prompt',
      ...(body.logprobs === undefined ? {} : { logprobs: body.logprobs }),
      cap: service.options.maxTokens,
    }),
  );
  const lead = (index: number) => (body.echo === true ? prompts[Math.floor(index / n)]!.text : '');
  const head = {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created: Math.floor(service.clock.epoch() / 1000),
    model: body.model,
  };
  const job = generations.admit(requests.length, outgoing);
  try {
    if (body.stream === true) {
      return await streamReply(service, outgoing, (stream) => streamAll(stream, job, requests, body, head, lead));
    }
    const found = await answers(job, requests);
    return {
      ...head,
      choices: found.map((answer, index) => ({
        index,
        text: lead(index) + answer.text,
        logprobs: body.logprobs === undefined ? null : completionLogprobs(answer.tokens, 0),
        finish_reason: answer.end.finishReason,
      })),
      usage: usageOf(
        found.map((answer) => answer.end),
        n,
      ),
    };
  } finally {
    job.end();
  }
}

async function streamAll(
  stream: EventStream,
  job: Job,
  requests: readonly GenerateRequest[],
  body: CompletionBody,
  head: object,
  lead: (index: number) => string,
): Promise<void> {
  const withUsage = body.stream_options?.include_usage === true;
  const ends: EndEvent[] = [];
  const start = JSON.stringify(head).slice(0, -1);
  const chunk = (index: number, text: string, logprobs: object | null, reason: string | null) =>
    `${start},"choices":[{"index":${index},"text":${JSON.stringify(text)},"logprobs":${JSON.stringify(logprobs)},"finish_reason":${
      reason === null ? 'null' : `"${reason}"`
    }}]${withUsage ? ',"usage":null' : ''}}`;
  const one = async (request: GenerateRequest, index: number) => {
    let offset = 0;
    let first = lead(index);
    for await (const event of job.generate(request)) {
      if (event.type === 'end' && event.finishReason === 'aborted') job.interrupted();
      if (!stream.opened) stream.open();
      if (event.type === 'end') {
        ends[index] = event;
        await stream.send(chunk(index, first, null, event.finishReason));
        return;
      }
      const text = first + event.text;
      if (text === '' && body.logprobs === undefined) continue;
      await stream.send(
        chunk(index, text, body.logprobs === undefined ? null : completionLogprobs([event], offset), null),
      );
      offset += event.text.length;
      first = '';
    }
    job.interrupted();
  };
  await Promise.all(requests.map(one));
  if (withUsage) await stream.send(JSON.stringify({ ...head, choices: [], usage: usageOf(ends, body.n ?? 1) }));
}

/** The prompts' tokens, and their text for `echo`. Throws 400 for ids outside the vocabulary. */
function readPrompts(
  engine: Engine,
  prompt: CompletionBody['prompt'],
): readonly { tokens: readonly number[]; text: string }[] {
  const list: readonly (string | readonly number[])[] = isTokens(prompt)
    ? [prompt]
    : ([prompt].flat() as (string | number[])[]);
  return list.map((each) => {
    if (typeof each === 'string') return { tokens: plainTokens(engine, each), text: each };
    checkTokens(engine, each, 'prompt');
    return { tokens: each, text: engine.detokenize(each) };
  });
}

/** True for one prompt given as token ids. */
export function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && typeof value[0] === 'number';
}

/** Throws 400 for a token id outside the vocabulary. */
export function checkTokens(engine: Engine, tokens: readonly number[], param: string): void {
  const wrong = tokens.find((id) => id >= engine.info.vocabularySize);
  if (wrong !== undefined) throw badParameter(param, `${param} has ${wrong}, which is no token of this model.`);
}
