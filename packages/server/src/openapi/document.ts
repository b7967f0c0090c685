import { z } from 'zod';
import * as llama from '../llama2/schema.ts';
import * as openai from '../openai/schema.ts';
import type { ApiFlavour } from '../service.ts';
import * as textGeneration from '../text-generation/schema.ts';

type Json = Record<string, unknown>;

const detailError = {
  type: 'object',
  required: ['detail'],
  properties: {
    detail: { anyOf: [{ type: 'string' }, { type: 'array', items: { $ref: '#/components/schemas/Problem' } }] },
  },
};
const problem = {
  type: 'object',
  required: ['loc', 'msg', 'type'],
  properties: {
    loc: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
    msg: { type: 'string' },
    type: { type: 'string' },
  },
};
const openaiError = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: ['string', 'null'] },
      },
    },
  },
};

const json = (schema: Json) => ({ 'application/json': { schema } });
const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

function component(schema: z.ZodType): Json {
  const {
    $schema: _,
    id: __,
    ...rest
  } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    reused: 'inline',
    metadata: z.registry(),
  }) as Json;
  return rest;
}

const failures: Readonly<Record<number, string>> = {
  400: 'The request asks for what cannot be done; the message names the field.',
  401: 'The API key is missing or wrong.',
  404: 'There is no such model.',
  408: 'The generation took longer than this server gives it.',
  413: 'The body is too large.',
  422: 'A field has the wrong type or is out of range.',
  429: 'The queue is full; Retry-After says when to come back.',
  503: 'The model is loading, or the server shuts down.',
  504: 'The generation took longer than this server gives it.',
};

function errors(family: 'DetailError' | 'OpenAIError', statuses: readonly number[]): Json {
  return Object.fromEntries(
    statuses.map((status) => [String(status), { description: failures[status], content: json(reference(family)) }]),
  );
}

function operation(
  id: string,
  summary: string,
  body: string | undefined,
  ok: Json,
  failing: Json,
  parameters: readonly Json[] = [],
): Json {
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(reference(body)) } }),
    responses: { 200: ok, ...failing },
  };
}

const object = { type: 'object' };
const answerOf = (description: string, schema: Json = object) => ({ description, content: json(schema) });
const streamable = (description: string) => ({
  description,
  content: { ...json(object), 'text/event-stream': { schema: { type: 'string' } } },
});

/** The route of each flavour of KAITO's API. */
function flavourPaths(api: ApiFlavour): Json {
  if (api === 'text-generation') {
    const result = { type: 'object', required: ['Result'], properties: { Result: { type: 'string' } } };
    const failing = errors('DetailError', [400, 401, 413, 422, 429, 503, 504]);
    return {
      '/chat': {
        post: operation(
          'chat',
          'Continue a prompt, or answer a conversation.',
          'ChatRequest',
          answerOf('The answer.', result),
          failing,
        ),
      },
    };
  }
  const failing = errors('DetailError', [400, 401, 404, 408, 413, 422, 429, 503]);
  const results = { type: 'object', required: ['results'], properties: { results: { type: 'array', items: {} } } };
  const ok = answerOf('One result per prompt, in their order.', results);
  return api === 'llama-completion'
    ? { '/generate': { post: operation('generate', 'Continue prompts.', 'LlamaCompletionRequest', ok, failing) } }
    : { '/chat': { post: operation('chat', 'Answer conversations.', 'LlamaChatRequest', ok, failing) } };
}

/** The OpenAPI 3.1 document of the routes that this server has, its request bodies from the very schemas that check them. */
export function openApiDocument(api: ApiFlavour): Json {
  const openaiFailures = errors('OpenAIError', [400, 401, 404, 413, 429, 503, 504]);
  const healthy = { type: 'object', required: ['status'], properties: { status: { type: 'string' } } };
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  return {
    openapi: '3.1.0',
    info: { title: 'KAITO inference server', version: '1.0.0', license: { name: 'MIT', identifier: 'MIT' } },
    security: [{}, { apiKey: [] }],
    paths: {
      '/': {
        get: operation(
          'root',
          'Whether the server runs.',
          undefined,
          answerOf('It runs.', { type: 'array', items: {} }),
          {},
        ),
      },
      '/healthz': {
        get: operation('healthz', 'Whether the model can answer.', undefined, answerOf('It can.', healthy), {
          503: answerOf('It is loading or draining.', healthy),
        }),
      },
      '/metrics': {
        get: operation(
          'metrics',
          "Prometheus metrics; with `Accept: application/json` KAITO's list of GPUs.",
          undefined,
          { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } }, ...json(object) } },
          {},
        ),
      },
      '/openapi.json': { get: operation('openapi', 'This document.', undefined, answerOf('OpenAPI 3.1.'), {}) },
      ...flavourPaths(api),
      '/v1/models': {
        get: operation('listModels', 'The model and its adapters.', undefined, answerOf('A list.'), openaiFailures),
      },
      '/v1/models/{id}': {
        get: operation('retrieveModel', 'One model.', undefined, answerOf('The model.'), openaiFailures, [id]),
      },
      '/v1/completions': {
        post: operation(
          'createCompletion',
          'Continue prompts.',
          'CompletionRequest',
          streamable('The answers.'),
          openaiFailures,
        ),
      },
      '/v1/chat/completions': {
        post: operation(
          'createChatCompletion',
          'Answer a conversation.',
          'ChatCompletionRequest',
          streamable('The answers.'),
          openaiFailures,
        ),
      },
      '/v1/embeddings': {
        post: operation(
          'createEmbedding',
          'Vectors of texts.',
          'EmbeddingRequest',
          answerOf('The vectors.'),
          openaiFailures,
        ),
      },
    },
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: problem,
        DetailError: detailError,
        OpenAIError: openaiError,
        ...(api === 'text-generation' ? { ChatRequest: component(textGeneration.chatBody) } : {}),
        ...(api === 'llama-completion' ? { LlamaCompletionRequest: component(llama.completionBody) } : {}),
        ...(api === 'llama-chat' ? { LlamaChatRequest: component(llama.chatBody) } : {}),
        CompletionRequest: component(openai.completionBody),
        ChatCompletionRequest: component(openai.chatBody),
        EmbeddingRequest: component(openai.embeddingBody),
      },
    },
  };
}
