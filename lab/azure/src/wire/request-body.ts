import type { IncomingMessage } from 'node:http';
import { invalidRequestContent, requestTooLarge, unsupportedMediaType } from '../errors/request-errors.ts';
import type { JsonObject } from '../store/store.ts';

/** Resource Manager takes no more (4 MiB). */
const limit = 4 << 20;

/** All bytes of a request. @throws ArmError where there are too many */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw requestTooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The JSON object in a request; undefined where it has no body. @throws ArmError where it is something else */
export async function readBody(request: IncomingMessage): Promise<JsonObject | undefined> {
  const text = await readText(request);
  if (text.trim() === '') return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!/^(application|text)\/([a-z.+-]+\+)?json\b/i.test(type)) throw unsupportedMediaType(type);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidRequestContent(error instanceof Error ? error.message : String(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidRequestContent('a JSON object is expected');
  return value as JsonObject;
}
