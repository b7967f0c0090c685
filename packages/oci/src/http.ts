import * as http from 'node:http';
import * as https from 'node:https';
import { OciError } from './errors.ts';
import { getDirect } from './http-direct.ts';
import { transportError } from './http-errors.ts';

export type HttpHeaders = Readonly<Record<string, string>>;

/** A body that is read while it is sent. `open` is called anew for each time the request is sent: after a redirect, a new login. */
export interface StreamBody {
  /** In bytes; `open` gives neither more nor fewer. */
  readonly length: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: HttpHeaders;
  readonly body?: string | Uint8Array | StreamBody | undefined;
  /** Longest silence on the connection in ms; default: the client's. */
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The answer is large: it may come as `getDirect` gives it, each piece good until the next one is asked for. */
  readonly large?: boolean;
  /** `same-host` follows a redirect only within the host it came from, and else returns it. Default `follow`. */
  readonly redirect?: 'follow' | 'same-host';
}

/** A body on its way; read to its end, or destroyed. */
export interface HttpBody extends AsyncIterable<Buffer> {
  destroy(): void;
  /** Throws away what is still to come. */
  resume(): void;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Must be read to its end or destroyed. */
  readonly body: HttpBody;
}

export interface HttpClientOptions {
  /** Longest wait for a connection (name, TCP, proxy) in ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest silence on a connection in ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** Allow `http:` to hosts other than this machine. */
  readonly plainHttp?: boolean | undefined;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
  readonly userAgent?: string | undefined;
}

/** Where a proxy for plain http is named. */
const PROXIES = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];
const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const CREDENTIAL_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Whether a host name means this machine: `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** One pool of connections. Redirects never carry credentials to another origin, and never fall from https to http. */
export class HttpClient {
  readonly #plain: http.Agent;
  readonly #secure: https.Agent;
  readonly #connectTimeoutMs: number;
  readonly #idleTimeoutMs: number;
  readonly #plainHttp: boolean;
  readonly #proxied: boolean;
  readonly #userAgent: string;

  constructor(options: HttpClientOptions = {}) {
    const agent = { keepAlive: true, proxyEnv: options.environment ?? process.env };
    this.#plain = new http.Agent(agent);
    this.#secure = new https.Agent(agent);
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 60_000;
    this.#plainHttp = options.plainHttp ?? false;
    this.#proxied = PROXIES.some((name) => (options.environment ?? process.env)[name]);
    this.#userAgent = options.userAgent ?? 'kaito';
  }

  /** Closes all connections. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  /**
   * Sends one request and follows redirects; resolves with any final status. Throws OciError `NetworkUnreachable`,
   * `CertificateUntrusted`, `PlainHttpRefused`, `ServerError` (redirect loop) or `Aborted`.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    let { url } = request;
    let method = request.method ?? 'GET';
    let body = request.body;
    let headers: HttpHeaders = { 'user-agent': this.#userAgent, ...request.headers };
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      this.#checkScheme(url);
      const response =
        (request.large === true ? await this.#direct(url, headers, request) : undefined) ??
        (await this.#exchange(url, method, headers, body, request));
      const location = response.headers.location;
      if (!REDIRECTS.has(response.status) || location === undefined) return response;
      const next = redirectTarget(location, url);
      if (request.redirect === 'same-host' && next.host !== url.host) return response;
      response.body.destroy();
      if (url.protocol === 'https:' && next.protocol === 'http:') this.#refuse(next);
      if (next.origin !== url.origin) headers = withoutCredentials(headers);
      if (response.status === 303 || (method === 'POST' && response.status < 303)) {
        method = method === 'HEAD' ? 'HEAD' : 'GET';
        body = undefined;
      }
      url = next;
    }
    throw new OciError('ServerError', `${request.url.host} redirects more than ${MOST_REDIRECTS} times.`, {
      remedy: 'Check the address: it leads in circles.',
    });
  }

  #checkScheme(url: URL): void {
    if (url.protocol === 'https:') return;
    if (url.protocol !== 'http:') {
      throw new OciError('InvalidReference', `${url.protocol}// addresses cannot be fetched.`, {
        remedy: 'Use an https address.',
      });
    }
    if (!this.#plainHttp && !isLoopback(url.hostname)) this.#refuse(url);
  }

  #refuse(url: URL): never {
    throw new OciError('PlainHttpRefused', `${url.host} would be reached over unencrypted http.`, {
      remedy: 'Use an https address, or allow plain http explicitly for this host.',
    });
  }

  /** A GET by `getDirect` where that may be: of plain http, which no proxy stands before. */
  async #direct(url: URL, headers: HttpHeaders, request: HttpRequest): Promise<HttpResponse | undefined> {
    if (url.protocol !== 'http:' || this.#proxied || (request.method ?? 'GET') !== 'GET') return undefined;
    const { signal, idleTimeoutMs = this.#idleTimeoutMs } = request;
    try {
      return await getDirect({ url, headers, connectTimeoutMs: this.#connectTimeoutMs, idleTimeoutMs, signal });
    } catch (error) {
      throw transportError(error, url, signal);
    }
  }

  #exchange(
    url: URL,
    method: string,
    headers: HttpHeaders,
    body: HttpRequest['body'],
    { signal, idleTimeoutMs = this.#idleTimeoutMs }: HttpRequest,
  ): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        clearTimeout(connecting);
        reject(transportError(error, url, signal));
      };
      const secure = url.protocol === 'https:';
      const options: https.RequestOptions = {
        method,
        headers: body === undefined ? headers : { ...headers, 'content-length': String(lengthOf(body)) },
        agent: secure ? this.#secure : this.#plain,
        timeout: idleTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      };
      const seconds = this.#connectTimeoutMs / 1000;
      const connecting = setTimeout(() => {
        const error = Object.assign(new Error(`no connection within ${seconds} s`), { code: 'KAITO_CONNECT_TIMEOUT' });
        outgoing.destroy(error);
      }, this.#connectTimeoutMs);
      let outgoing: http.ClientRequest;
      try {
        outgoing = secure ? https.request(url, options) : http.request(url, options);
      } catch (error) {
        fail(error);
        return;
      }
      outgoing.on('socket', (socket) => {
        if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
        else clearTimeout(connecting);
      });
      outgoing.on('timeout', () => {
        outgoing.destroy(new Error(`silent for ${idleTimeoutMs / 1000} s`));
      });
      outgoing.on('error', fail);
      const streamed = body !== undefined && isStream(body) ? body : undefined;
      outgoing.on('response', (incoming) => {
        clearTimeout(connecting);
        // An answer before the end of the body is a refusal: the rest is not sent, and the connection is of no more use.
        if (streamed !== undefined && !outgoing.writableEnded) incoming.once('close', () => outgoing.destroy());
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, url, body: incoming });
      });
      if (streamed === undefined) outgoing.end(body);
      else sendStream(outgoing, streamed).catch((error: unknown) => outgoing.destroy(error as Error));
    });
  }
}

function isStream(body: string | Uint8Array | StreamBody): body is StreamBody {
  return typeof body === 'object' && 'open' in body;
}

function lengthOf(body: string | Uint8Array | StreamBody): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}

/** Writes a body as fast as the connection takes it; stops at an answer that comes before the end. */
async function sendStream(outgoing: http.ClientRequest, body: StreamBody): Promise<void> {
  let answered = false;
  let wake: (() => void) | undefined;
  const stop = () => {
    answered = true;
    wake?.();
  };
  outgoing.once('response', stop);
  outgoing.once('close', stop);
  for await (const chunk of body.open()) {
    if (answered) return;
    // A piece may be good only until the next one is asked for.
    await new Promise<void>((resolve) => {
      wake = resolve;
      outgoing.write(chunk, () => resolve());
    });
    if (answered) return;
  }
  outgoing.end();
}

function redirectTarget(location: string, from: URL): URL {
  const target = URL.parse(location, from.href);
  if (target !== null) return target;
  throw new OciError('ServerError', `${from.host} redirects to an address that is none: ${location.slice(0, 200)}.`, {
    remedy: `Report it to the operator of ${from.host}.`,
  });
}

function withoutCredentials(headers: HttpHeaders): HttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name.toLowerCase())));
}

/**
 * Reads a small body as bytes. Throws OciError `ServerError` when it is longer than `limitBytes`,
 * `NetworkUnreachable` when the connection breaks.
 */
export async function readBody(
  response: HttpResponse,
  limitBytes: number,
  signal?: AbortSignal | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body) {
      length += (chunk as Buffer).length;
      if (length > limitBytes) {
        throw new OciError('ServerError', `${response.url.host} sent more than ${limitBytes} bytes where few belong.`, {
          remedy: 'Check the address: it seems to name another kind of thing.',
        });
      }
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw transportError(error, response.url, signal);
  }
  return Buffer.concat(chunks, length);
}
