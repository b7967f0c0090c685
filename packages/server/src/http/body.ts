import type { IncomingMessage } from 'node:http';
import { HttpError } from './errors.ts';

/**
 * Reads a request's JSON body. Never holds more than `maxBytes`: a longer one is refused with 413, by its declared length before a byte is read.
 * Bytes that are no UTF-8, and text that is no JSON, are a 400; an absent body is `undefined`.
 */
export async function readJson(incoming: IncomingMessage, maxBytes: number): Promise<unknown> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HttpError(415, `The content encoding ${encoding} is not supported; send the body as it is.`, {
      code: 'unsupported_encoding',
    });
  }
  const bytes = await readBytes(incoming, maxBytes);
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, 'The request body is not valid UTF-8.', { code: 'invalid_encoding' });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new HttpError(400, `The request body is not valid JSON: ${(error as Error).message}`, {
      code: 'invalid_json',
    });
  }
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `The request body is larger than the ${maxBytes} bytes that this server takes.`, {
    code: 'body_too_large',
    headers: { Connection: 'close' },
  });
}

function readBytes(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (act: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      act();
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        done(() => reject(tooLarge(maxBytes)));
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = () => done(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    const onGone = () =>
      done(() =>
        reject(new HttpError(400, 'The client went away before its request was whole.', { code: 'client_gone' })),
      );
    incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}
