import type { ServerResponse } from 'node:http';
import type { Context } from 'hono';
import { llamaChat, llamaCompletion } from '../llama2/routes.ts';
import { gpuInfo } from '../metrics/gpu-info.ts';
import { chatCompletions } from '../openai/chat.ts';
import { completions } from '../openai/completions.ts';
import { embeddings } from '../openai/embeddings.ts';
import { listModels, oneModel } from '../openai/models.ts';
import type { Reply } from '../openai/reply.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { Service } from '../service.ts';
import { textGenerationChat } from '../text-generation/chat.ts';
import type { AppParts, HttpEnv } from './app.ts';
import { readJson } from './body.ts';
import type { ErrorFamily } from './errors.ts';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** As OpenAPI writes it: `{id}` for the rest of the path. */
  readonly path: string;
  readonly family: ErrorFamily;
  readonly handle: (c: Context<HttpEnv>) => Response | Promise<Response>;
}

/** Says to the adapter that the response went out over the raw connection. */
const alreadySent = new Response(null, { headers: { 'x-hono-already-sent': 'true' } });

/** Answers over the raw connection, for speed; a client that does not take the answer is cut off after `stallMs`. */
function sendJson(outgoing: ServerResponse, body: object, stallMs: number): void {
  const text = JSON.stringify(body);
  outgoing.setTimeout(stallMs, () => outgoing.destroy());
  outgoing.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  outgoing.end(text);
}

type Work = (service: Service, body: unknown, outgoing: ServerResponse) => Promise<Reply>;

/** Every route that the flags ask for. */
export function routes(parts: AppParts): readonly Route[] {
  const { service, metrics } = parts;
  const { api, maxBodyBytes, stallMs } = service.options;

  const get = (path: string, family: ErrorFamily, handle: Route['handle']): Route => ({
    method: 'GET',
    path,
    family,
    handle,
  });
  const post = (path: string, family: ErrorFamily, work: Work): Route => ({
    method: 'POST',
    path,
    family,
    handle: async (c) => {
      const { incoming, outgoing } = c.env;
      const reply = await work(service, await readJson(incoming, maxBodyBytes), outgoing);
      if (reply !== 'streamed') sendJson(outgoing, reply, stallMs);
      return alreadySent;
    },
  });

  const flavour = {
    'text-generation': () => post('/chat', 'detail', textGenerationChat),
    'llama-completion': () => post('/generate', 'detail', llamaCompletion),
    'llama-chat': () => post('/chat', 'detail', llamaChat),
  }[api]();

  return [
    get('/', 'detail', (c) => c.json(['Server is running', 200])),
    get('/healthz', 'detail', (c) => health(service, c)),
    flavour,
    get('/metrics', 'detail', async (c) => {
      if (prefersJson(c.req.header('accept'))) return c.json(await gpuInfo());
      return c.body(await metrics.registry.metrics(), 200, { 'Content-Type': metrics.registry.contentType });
    }),
    get('/openapi.json', 'detail', (c) => c.json(openApiDocument(api))),
    get('/v1/models', 'openai', (c) => c.json(listModels(service))),
    get('/v1/models/{id}', 'openai', (c) => c.json(oneModel(service, c.req.param('id') ?? ''))),
    post('/v1/completions', 'openai', completions),
    post('/v1/chat/completions', 'openai', chatCompletions),
    post('/v1/embeddings', 'openai', embeddings),
  ];
}

function health(service: Service, c: Context<HttpEnv>): Response {
  if (service.state === 'ready') return c.json({ status: 'Healthy' });
  return c.json({ status: service.state }, 503, { 'Retry-After': '2' });
}

/** True when JSON is named and Prometheus' text form is not. */
function prefersJson(accept: string | undefined): boolean {
  return accept !== undefined && /\bapplication\/json\b/i.test(accept) && !/\btext\/plain\b|openmetrics/i.test(accept);
}
