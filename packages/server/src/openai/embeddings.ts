import type { ServerResponse } from 'node:http';
import { plainTokens } from '../generation/prompt.ts';
import { HttpError } from '../http/errors.ts';
import type { Service } from '../service.ts';
import { checkTokens, isTokens } from './completions.ts';
import { adapterFor } from './models.ts';
import { parseRequest } from './parse.ts';
import type { Reply } from './reply.ts';
import { embeddingBody, embeddingOff } from './schema.ts';

/** `POST /v1/embeddings`: unit-length vectors, as numbers or as base64 of little-endian float32. */
export async function embeddings(service: Service, raw: unknown, outgoing: ServerResponse): Promise<Reply> {
  const body = parseRequest(embeddingBody, raw, embeddingOff);
  const { engine, generations } = service.serving();
  adapterFor(engine, body.model);
  const list: readonly (string | readonly number[])[] = isTokens(body.input)
    ? [body.input]
    : ([body.input].flat() as (string | number[])[]);
  const inputs = list.map((each, index) => {
    const tokens = typeof each === 'string' ? plainTokens(engine, each) : each;
    checkTokens(engine, tokens, 'input');
    if (tokens.length === 0)
      throw new HttpError(400, `input[${index}] is empty.`, { param: 'input', code: 'empty_prompt' });
    if (tokens.length > engine.info.contextLength) {
      throw new HttpError(
        400,
        `input[${index}] has ${tokens.length} tokens, but the context holds ${engine.info.contextLength}.`,
        {
          param: 'input',
          code: 'context_length_exceeded',
        },
      );
    }
    return tokens;
  });
  const job = generations.admit(1, outgoing);
  try {
    const vectors = await engine.embed(inputs, job.signal);
    const count = inputs.reduce((total, tokens) => total + tokens.length, 0);
    return {
      object: 'list',
      model: body.model,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: body.encoding_format === 'base64' ? base64(vector) : Array.from(vector),
      })),
      usage: { prompt_tokens: count, total_tokens: count },
    };
  } catch (error) {
    if (job.signal.aborted) job.interrupted();
    throw error;
  } finally {
    job.end();
  }
}

function base64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
