import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { GenerateEvent, GenerateRequest, OutputConstraint } from '../engine/engine.ts';
import { answers } from '../generation/answer.ts';
import type { Answer } from '../generation/answer.ts';
import type { Job } from '../generation/generations.ts';
import { badParameter } from '../http/errors.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Service } from '../service.ts';
import { chatTokens, readToolUse } from './chat-prompt.ts';
import type { ToolUse } from './chat-prompt.ts';
import { requestsFor } from './generation.ts';
import { chatLogprobs } from './logprobs.ts';
import { adapterFor } from './models.ts';
import { parseRequest } from './parse.ts';
import { streamReply, usageOf } from './reply.ts';
import type { Reply } from './reply.ts';
import { chatBody, chatOff } from './schema.ts';
import type { ChatBody } from './schema.ts';
import { callConstraint, ToolCallScanner } from './tool-calls.ts';
import type { ToolCall } from './tool-calls.ts';

type EndEvent = Extract<GenerateEvent, { type: 'end' }>;

/** `POST /v1/chat/completions`. */
export async function chatCompletions(service: Service, raw: unknown, outgoing: ServerResponse): Promise<Reply> {
  const body = parseRequest(chatBody, raw, chatOff);
  const { engine, generations } = service.serving();
  adapterFor(engine, body.model);
  const use = readToolUse(body);
  const constraint = readConstraint(body, use);
  if (constraint !== undefined && !engine.info.capabilities.grammar) {
    throw badParameter(
      use.forced ? 'tool_choice' : 'response_format',
      'This engine cannot hold its answers to a schema.',
    );
  }
  const requests = requestsFor(engine, body, chatTokens(engine, body.messages, use), {
    maxTokens: readMaxTokens(body),
    promptParam: 'messages',
    ...(constraint === undefined ? {} : { constraint }),
    ...readLogprobs(body),
    cap: service.options.maxTokens,
  });
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(service.clock.epoch() / 1000), model: body.model };
  const job = generations.admit(requests.length, outgoing);
  try {
    if (body.stream === true) {
      return await streamReply(service, outgoing, (stream) => streamAll(stream, job, requests, body, use, head));
    }
    const found = await answers(job, requests);
    return {
      ...head,
      object: 'chat.completion',
      choices: found.map((answer, index) => ({ index, ...choiceOf(answer, body, use) })),
      usage: usageOf(
        found.map((answer) => answer.end),
        requests.length,
      ),
    };
  } finally {
    job.end();
  }
}

function readMaxTokens(body: ChatBody): { param: string; wanted: number | undefined } {
  const param = body.max_completion_tokens === undefined ? 'max_tokens' : 'max_completion_tokens';
  return { param, wanted: body[param] };
}

function readLogprobs(body: ChatBody): { logprobs: number } | undefined {
  if (body.logprobs === true) return { logprobs: body.top_logprobs ?? 0 };
  if (body.top_logprobs === undefined) return undefined;
  throw badParameter('top_logprobs', 'top_logprobs needs logprobs: true.');
}

function readConstraint(body: ChatBody, use: ToolUse): OutputConstraint | undefined {
  const format = body.response_format ?? { type: 'text' };
  if (format.type !== 'text' && use.tools.length > 0) {
    throw badParameter(
      'response_format',
      'response_format together with tools is not supported; set tool_choice to "none".',
    );
  }
  if (format.type === 'json_object') return { type: 'json' };
  if (format.type === 'json_schema') {
    const schema = 'json_schema' in format ? format.json_schema.schema : undefined;
    if (schema == null)
      throw badParameter('response_format.json_schema.schema', 'response_format.json_schema needs a schema.');
    return { type: 'json_schema', schema };
  }
  return use.forced ? callConstraint(use.tools) : undefined;
}

function choiceOf(answer: Answer, body: ChatBody, use: ToolUse): object {
  const { content, calls } = splitCalls(answer.text, body, use);
  return {
    message: {
      role: 'assistant',
      content: calls.length > 0 && content === '' ? null : content,
      refusal: null,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
    logprobs: body.logprobs === true ? chatLogprobs(answer.tokens) : null,
    finish_reason: calls.length > 0 ? 'tool_calls' : answer.end.finishReason,
  };
}

function splitCalls(text: string, body: ChatBody, use: ToolUse): { content: string; calls: readonly ToolCall[] } {
  if (use.tools.length === 0) return { content: text, calls: [] };
  const scanner = scannerFor(use);
  const certain = scanner.push(text);
  const { content, calls } = scanner.end();
  return { content: certain + content, calls: allowed(calls, body) };
}

const scannerFor = (use: ToolUse) => new ToolCallScanner(use.tools.map((tool) => tool.function.name));

const allowed = (calls: readonly ToolCall[], body: ChatBody) =>
  body.parallel_tool_calls === false ? calls.slice(0, 1) : calls;

async function streamAll(
  stream: EventStream,
  job: Job,
  requests: readonly GenerateRequest[],
  body: ChatBody,
  use: ToolUse,
  head: object,
): Promise<void> {
  const withUsage = body.stream_options?.include_usage === true;
  const ends: EndEvent[] = [];
  const start = JSON.stringify({ ...head, object: 'chat.completion.chunk' }).slice(0, -1);
  const tail = withUsage ? '],"usage":null}' : ']}';
  const chunk = (index: number, delta: object, logprobs: object | null, reason: string | null) =>
    `${start},"choices":[{"index":${index},"delta":${JSON.stringify(delta)},"logprobs":${
      logprobs === null ? 'null' : JSON.stringify(logprobs)
    },"finish_reason":${reason === null ? 'null' : `"${reason}"`}}${tail}`;

  const one = async (request: GenerateRequest, index: number) => {
    const scanner = use.tools.length > 0 ? scannerFor(use) : undefined;
    let opened = false;
    for await (const event of job.generate(request)) {
      if (event.type === 'end' && event.finishReason === 'aborted') job.interrupted();
      if (!stream.opened) stream.open();
      if (!opened) {
        opened = true;
        await stream.send(
          chunk(index, { role: 'assistant', content: scanner === undefined ? '' : null, refusal: null }, null, null),
        );
      }
      if (event.type === 'token') {
        const content = scanner === undefined ? event.text : scanner.push(event.text);
        const logprobs = event.logprob === undefined ? null : chatLogprobs([event]);
        if (content !== '' || logprobs !== null) await stream.send(chunk(index, { content }, logprobs, null));
        continue;
      }
      ends[index] = event;
      const rest = scanner?.end() ?? { content: '', calls: [] };
      if (rest.content !== '') await stream.send(chunk(index, { content: rest.content }, null, null));
      const calls = allowed(rest.calls, body);
      for (const [at, call] of calls.entries()) {
        await stream.send(chunk(index, { tool_calls: [{ index: at, ...call }] }, null, null));
      }
      await stream.send(chunk(index, {}, null, calls.length > 0 ? 'tool_calls' : event.finishReason));
      return;
    }
    job.interrupted();
  };
  await Promise.all(requests.map(one));
  if (withUsage) {
    const usage = usageOf(ends, requests.length);
    await stream.send(JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage }));
  }
}
