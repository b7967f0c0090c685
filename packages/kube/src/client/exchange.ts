import http from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock } from '../clock.ts';

export interface Outgoing {
  readonly secure: boolean;
  readonly options: RequestOptions;
  readonly body: string | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly code: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** No whole answer came; `cause` is the system's error. */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** The connection was closed before the first byte of an answer. */
  readonly unanswered: boolean;
  constructor(cause: Error, unanswered: boolean) {
    super(cause.message, { cause });
    this.unanswered = unanswered;
  }
}

const unzip = promisify(gunzip);

/**
 * Sends one request and reads its whole answer. @throws WireError (its cause has code `TIMEOUT` after `timeoutMs`), or the signal's reason.
 * The socket is ended where the answer was not read to its end.
 */
export async function exchange(outgoing: Outgoing): Promise<Answer> {
  const response = await send(outgoing, true);
  const { headers, statusCode = 0, chunks } = response;
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  const plain = headers['content-encoding'] === 'gzip' ? await unzip(bytes) : bytes;
  return { code: statusCode, headers, text: plain.toString('utf8') };
}

/** Sends one request and resolves when its answer begins; reading on and aborting is then the caller's. Errors as for `exchange`. */
export async function openStream(outgoing: Outgoing): Promise<IncomingMessage> {
  return (await send(outgoing, false)).response;
}

interface Received {
  readonly response: IncomingMessage;
  readonly statusCode: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly chunks: Buffer[];
}

function send(outgoing: Outgoing, whole: boolean): Promise<Received> {
  const { secure, options, body, clock, timeoutMs, signal } = outgoing;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    let request: ClientRequest;
    try {
      request = secure ? https.request(options) : http.request(options);
    } catch (error) {
      // Certificates and keys that cannot be read are thrown at once.
      return reject(new WireError(error as Error, false));
    }
    let answered = false;
    let stopped: { readonly reason: unknown } | undefined;
    const stop = (reason: unknown) => {
      stopped = { reason };
      request.destroy();
    };
    const onAbort = () => stop(signal?.reason);
    const cancel = clock.after(timeoutMs, () => {
      const late = Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: 'TIMEOUT' });
      stop(new WireError(late, false));
    });
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: NodeJS.ErrnoException) => {
      done();
      const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      reject((stopped === undefined ? new WireError(error, reset && !answered) : stopped.reason) as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    request.on('error', fail);
    request.on('response', (response) => {
      answered = true;
      const received = { response, statusCode: response.statusCode, headers: response.headers };
      if (!whole) {
        done();
        resolve({ ...received, chunks: [] });
        return;
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        done();
        resolve({ ...received, chunks });
      });
    });
    request.end(body);
  });
}
