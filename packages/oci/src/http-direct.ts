import { type IncomingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { HttpBody, HttpHeaders, HttpResponse } from './http.ts';

/** What is read at once, in bytes; one such buffer serves a whole answer. */
const BUFFER_BYTES = 256 * 1024;
/** The longest head of an answer, in bytes: the same as `node:http` has. */
const HEAD_BYTES = 16 * 1024;

export interface DirectRequest {
  /** `http:`, and not by a proxy. */
  readonly url: URL;
  readonly headers: HttpHeaders;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A GET whose body is read into one buffer again and again, instead of into a new one for each piece: half the work and little memory for large bodies. A piece is good until the
 * next one is asked for. `undefined` where the answer is of a kind that is left to `node:http`: an error, or of unknown length. Throws what the socket throws.
 */
export async function getDirect(request: DirectRequest): Promise<HttpResponse | undefined> {
  const answer = new Answer(request);
  const head = await answer.head;
  const length = head === undefined ? undefined : lengthOf(head.headers);
  const moved = head !== undefined && head.status >= 300 && head.status < 400;
  if (head === undefined || (!moved && (length === undefined || (head.status !== 200 && head.status !== 206)))) {
    answer.destroy();
    return undefined;
  }
  if (moved) answer.destroy();
  else answer.expect(length ?? 0);
  return { ...head, url: request.url, body: answer };
}

interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

class Answer implements HttpBody {
  readonly head: Promise<Head | undefined>;
  readonly #socket: Socket;
  #before: Buffer = Buffer.alloc(0);
  #told: ((head: Head | undefined) => void) | undefined;
  /** Bytes of the body that are still to come. */
  #left = 0;
  #piece: Buffer | undefined;
  #error: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor({ url, headers, connectTimeoutMs, idleTimeoutMs, signal }: DirectRequest) {
    const { promise, resolve, reject } = Promise.withResolvers<Head | undefined>();
    this.head = promise;
    this.#told = resolve;
    this.#socket = connect({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 80),
      onread: {
        buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES),
        callback: (length, buffer) => this.#read(length, buffer),
      },
    });
    const connecting = setTimeout(() => {
      const message = `no connection within ${connectTimeoutMs / 1000} s`;
      this.#socket.destroy(Object.assign(new Error(message), { code: 'KAITO_CONNECT_TIMEOUT' }));
    }, connectTimeoutMs);
    const abort = () => this.#socket.destroy(new Error('aborted'));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    this.#socket.setTimeout(idleTimeoutMs, () => {
      this.#socket.destroy(new Error(`silent for ${idleTimeoutMs / 1000} s`));
    });
    this.#socket.once('connect', () => clearTimeout(connecting));
    this.#socket.on('error', (error) => {
      this.#error = error;
      reject(error);
    });
    this.#socket.once('end', () => this.#socket.destroy());
    this.#socket.once('close', () => {
      clearTimeout(connecting);
      signal?.removeEventListener('abort', abort);
      this.#ended = true;
      reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
      this.#wake?.();
    });
    this.#socket.write(requestText(url, headers));
  }

  /** The head is over: so many bytes follow. */
  expect(length: number): void {
    this.#left = length;
    if (this.#before.length > 0) this.#piece = this.#before.subarray(0, length);
  }

  /** Takes what has been read; false: no more until it is used. */
  #read(length: number, buffer: Uint8Array): boolean {
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, length);
    if (this.#told === undefined) {
      this.#piece = bytes.subarray(0, this.#left);
      this.#wake?.();
      return false;
    }
    this.#before = Buffer.concat([this.#before, bytes]);
    const end = this.#before.indexOf('\r\n\r\n');
    if (end < 0 && this.#before.length < HEAD_BYTES) return true;
    const told = this.#told;
    this.#told = undefined;
    told(end < 0 ? undefined : parseHead(this.#before.subarray(0, end).toString('latin1')));
    this.#before = this.#before.subarray(end + 4);
    return false;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      while (this.#left > 0) {
        if (this.#piece === undefined) {
          if (this.#ended) throw this.#error ?? Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
          this.#socket.resume();
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        const piece = this.#piece;
        this.#piece = undefined;
        this.#left -= piece.length;
        yield piece;
      }
    } finally {
      this.destroy();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  resume(): void {
    this.destroy();
  }
}

function requestText(url: URL, headers: HttpHeaders): string {
  const all = { host: url.host, ...headers, connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return `${name}: ${value}`;
  });
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Reads status and headers; undefined for what is no plain HTTP/1.1. */
function parseHead(text: string): Head | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value = ''] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) return undefined;
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return { status: Number(status), headers };
}

/** The length of a body that comes as it is; undefined where it is coded in any way. */
function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  const coded =
    headers['transfer-encoding'] !== undefined || (headers['content-encoding'] ?? 'identity') !== 'identity';
  return coded || length === undefined || !/^\d{1,15}$/.test(length) ? undefined : Number(length);
}
