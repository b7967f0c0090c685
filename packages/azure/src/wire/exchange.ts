import http from 'node:http';
import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock } from '../clock.ts';

/** What is read of an answer at most. The machine types of all regions are the longest that Azure gives: some 20 MB. */
const longestAnswer = 64 * 1024 * 1024;

export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly agent: http.Agent | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** No whole answer came; `cause` is the system's error. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: string;
  constructor(code: string, cause: Error) {
    super(cause.message, { cause });
    this.code = code;
  }
}

const unzip = promisify(gunzip);

/**
 * Sends one request and reads its whole answer. The socket is ended where the answer was not read to its end.
 * @throws ExchangeError (code of node:net, node:tls, `TIMEOUT` after `timeoutMs`, `TOO_LONG`, `UNREADABLE`), or the signal's reason
 */
export async function exchange(outgoing: Outgoing): Promise<Answer> {
  const { status, headers, bytes } = await send(outgoing);
  if (headers['content-encoding'] !== 'gzip' || bytes.length === 0)
    return { status, headers, text: bytes.toString('utf8') };
  try {
    const plain = await unzip(bytes, { maxOutputLength: longestAnswer });
    return { status, headers, text: plain.toString('utf8') };
  } catch (error) {
    throw new ExchangeError('UNREADABLE', error as Error);
  }
}

function send(
  outgoing: Outgoing,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly bytes: Buffer }> {
  const { method, url, headers, body, agent, clock, timeoutMs, signal } = outgoing;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, ...(agent === undefined ? {} : { agent }) };
    let request: ClientRequest;
    try {
      request = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    } catch (error) {
      // Headers and authorities that cannot be read are thrown at once.
      return reject(failure(error as Error));
    }
    let stopped: { readonly reason: unknown } | undefined;
    const stop = (reason: unknown) => {
      stopped ??= { reason };
      request.destroy();
    };
    const onAbort = () => stop(signal?.reason);
    const late = () => stop(new ExchangeError('TIMEOUT', new Error(`no answer within ${timeoutMs / 1000} s`)));
    const cancel = clock.after(timeoutMs, late, { unref: true });
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error) => {
      done();
      reject((stopped === undefined ? failure(error) : stopped.reason) as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let received = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        received += chunk.length;
        if (received > longestAnswer) stop(new ExchangeError('TOO_LONG', new Error('the answer is too long')));
      });
      response.on('error', fail);
      response.on('end', () => {
        done();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) });
      });
    });
    request.end(body);
  });
}

/** Trying several addresses of one host fails with an AggregateError; the last says it. */
function failure(error: Error): ExchangeError {
  const inner: unknown = error instanceof AggregateError ? error.errors.at(-1) : undefined;
  const cause = inner instanceof Error ? inner : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'UNKNOWN';
  return new ExchangeError(code, cause);
}
