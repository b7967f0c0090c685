import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ClusterConfig, Credential } from '../config/cluster-config.ts';
import type { Clock } from '../clock.ts';
import { TokenBucket } from '../queue/rate-limit.ts';
import { Agents } from './agents.ts';
import type { Lane } from './agents.ts';
import { apiError } from './api-error.ts';
import { callText } from './call.ts';
import type { ApiCall, Intercept, RequestMeasure } from './call.ts';
import { connectionError } from './connection-error.ts';
import { ApiError } from './errors.ts';
import type { ConnectionError } from './errors.ts';
import { exchange, openStream, WireError } from './exchange.ts';
import type { Answer, Outgoing } from './exchange.ts';
import { identityHeaders } from './identity.ts';
import { maxTries, retryAfterMs } from './retry.ts';
import { warningsOf } from './warning.ts';

export interface RequesterOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly qps?: number;
  readonly burst?: number;
  readonly onRequest?: (measure: RequestMeasure) => void;
  readonly onWarning?: (text: string, call: ApiCall) => void;
  readonly intercept?: Intercept;
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  /** Where a compressed answer pays. */
  readonly compress?: boolean;
}

export interface Upgrade {
  readonly url: string;
  readonly agent: ReturnType<Agents['agent']>;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

const defaultTimeoutMs = 30_000;
/** What is read of the body of a refused stream. */
const longestRefusal = 64 * 1024;

/** Sends calls: identity, limit, retries, errors as data, measures. */
export class Requester {
  readonly #config: ClusterConfig;
  readonly #options: RequesterOptions;
  readonly #agents: Agents;
  readonly #limit: TokenBucket | undefined;
  readonly #host: string;
  readonly #hostname: string;
  readonly #port: string;
  readonly #prefix: string;
  readonly #secure: boolean;

  constructor(config: ClusterConfig, options: RequesterOptions) {
    const url = new URL(config.server);
    this.#config = config;
    this.#options = options;
    this.#agents = new Agents(config);
    this.#secure = url.protocol === 'https:';
    this.#host = url.host;
    this.#hostname = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    this.#port = url.port === '' ? (this.#secure ? '443' : '80') : url.port;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#limit = bucketOf(options);
  }

  /** The answer to `call`, read whole. @throws ApiError, ConnectionError, ConfigError, or the signal's reason */
  async send(call: ApiCall, options: SendOptions): Promise<Answer> {
    const urgent = isUrgent(call);
    const lane: Lane = urgent ? 'streams' : 'calls';
    for (let attempt = 1; ; attempt += 1) {
      const turnMs = urgent ? 0 : (this.#limit?.take() ?? 0);
      if (turnMs > 0) await this.#pause(turnMs, options.signal);
      try {
        const once = () =>
          this.#authorized(options.signal, (credential) => this.#exchange(call, credential, lane, options));
        const { intercept } = this.#options;
        return await (intercept === undefined ? once() : (intercept(call, once) as Promise<Answer>));
      } catch (error) {
        const waitMs = attempt < maxTries ? retryAfterMs(call, error) : undefined;
        if (waitMs === undefined) throw this.#explained(error, call);
        if (waitMs > 0) await this.#pause(waitMs, options.signal);
      }
    }
  }

  /** The answer to `call` as it begins. It is not tried again, and its end is the caller's. Errors as for `send`. */
  async open(call: ApiCall, options: SendOptions): Promise<IncomingMessage> {
    const opened: IncomingMessage[] = [];
    const once = () =>
      this.#authorized(options.signal, async (credential) => {
        const response = await this.#openOnce(call, credential, options);
        opened.push(response);
        return response;
      });
    try {
      const { intercept } = this.#options;
      return await (intercept === undefined ? once() : (intercept(call, once) as Promise<IncomingMessage>));
    } catch (error) {
      for (const response of opened) response.destroy();
      throw this.#explained(error, call);
    }
  }

  /** Hands `open` what a WebSocket to the path of `call` is opened with. Errors as for `send`, where `open` reports a refusal as ApiError. */
  async connect<T>(call: ApiCall, open: (upgrade: Upgrade) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const once = () =>
      this.#authorized(signal, (credential) =>
        open({
          url: `${this.#secure ? 'wss' : 'ws'}://${this.#host}${this.#prefix}${call.path}`,
          agent: this.#agents.agent('streams', credential),
          headers: { 'user-agent': this.#options.userAgent, ...identityHeaders(credential, this.#config.impersonate) },
        }),
      );
    signal?.throwIfAborted();
    const { intercept } = this.#options;
    try {
      return await (intercept === undefined ? once() : (intercept(call, once) as Promise<T>));
    } catch (error) {
      throw this.#explained(error, call);
    }
  }

  /** `error` as a `ConnectionError` where it is the system's. */
  explain(error: unknown, call: ApiCall): ConnectionError {
    return connectionError(error, callText(call), this.#config.server);
  }

  close(): void {
    this.#agents.close();
  }

  /** Sends with what proves who we are, and once more with something newer where the server did not accept it. */
  async #authorized<T>(signal: AbortSignal | undefined, attempt: (credential: Credential) => Promise<T>): Promise<T> {
    const { credentials } = this.#config;
    const credential = await abortable(credentials.current(signal), signal);
    try {
      return await attempt(credential);
    } catch (error) {
      const refused = error instanceof ApiError && error.status.code === 401;
      if (!refused || !credentials.refused(credential)) throw error;
      return await attempt(await abortable(credentials.current(signal), signal));
    }
  }

  async #exchange(call: ApiCall, credential: Credential, lane: Lane, options: SendOptions): Promise<Answer> {
    const { clock, onWarning } = this.#options;
    const startedAt = clock.monotonic();
    let answer: Answer;
    try {
      answer = await exchange(this.#outgoing(call, credential, lane, options));
    } catch (error) {
      this.#measure(call, undefined, startedAt);
      throw error;
    }
    this.#measure(call, answer.code, startedAt);
    if (onWarning !== undefined) for (const text of warningsOf(answer.headers)) onWarning(text, call);
    if (answer.code >= 400) throw refusal(call, answer.code, answer.text, answer.headers);
    return answer;
  }

  async #openOnce(call: ApiCall, credential: Credential, options: SendOptions): Promise<IncomingMessage> {
    const startedAt = this.#options.clock.monotonic();
    let response: IncomingMessage;
    try {
      response = await openStream(this.#outgoing(call, credential, 'streams', options));
    } catch (error) {
      this.#measure(call, undefined, startedAt);
      throw error;
    }
    const code = response.statusCode ?? 0;
    this.#measure(call, code, startedAt);
    if (code >= 400) throw refusal(call, code, await readSome(response), response.headers);
    return response;
  }

  #outgoing(call: ApiCall, credential: Credential, lane: Lane, options: SendOptions): Outgoing {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers: Record<string, string | string[]> = {
      'user-agent': this.#options.userAgent,
      accept: options.accept ?? 'application/json',
      ...identityHeaders(credential, this.#config.impersonate),
    };
    if (body !== undefined) {
      headers['content-type'] = options.contentType ?? 'application/json';
      // Node leaves it out for DELETE.
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    if (options.compress === true) headers['accept-encoding'] = 'gzip';
    return {
      secure: this.#secure,
      options: {
        host: this.#hostname,
        port: this.#port,
        path: this.#prefix + call.path,
        method: call.method,
        headers,
        agent: this.#agents.agent(lane, credential),
      },
      body,
      clock: this.#options.clock,
      timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
      signal: options.signal,
    };
  }

  #measure(call: ApiCall, code: number | undefined, startedAt: number): void {
    this.#options.onRequest?.({
      verb: call.verb,
      method: call.method,
      code,
      host: this.#host,
      seconds: (this.#options.clock.monotonic() - startedAt) / 1000,
    });
  }

  /** What the caller is told: refusals and injected errors as they are, failures on the wire in a sentence. */
  #explained(error: unknown, call: ApiCall): unknown {
    return error instanceof WireError ? this.explain(error.cause, call) : error;
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = () => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.#options.clock.after(ms, () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      });
      if (signal?.aborted === true) aborted();
      else signal?.addEventListener('abort', aborted, { once: true });
    });
  }
}

/** A login that many wait for goes on when one of them is aborted. */
function abortable<T>(value: T | Promise<T>, signal: AbortSignal | undefined): T | Promise<T> {
  if (signal === undefined || !(value instanceof Promise)) return value;
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

function bucketOf({ qps, burst = (qps ?? 0) * 2, clock }: RequesterOptions): TokenBucket | undefined {
  if (qps === undefined) return undefined;
  if (!(qps > 0) || !(burst >= 1))
    throw new RangeError(`a limit of ${qps} requests per second with a burst of ${burst} lets nothing through`);
  return new TokenBucket(clock, { perSecond: qps, burst });
}

/** A Lease that waits behind other requests is a leadership lost. */
function isUrgent(call: ApiCall): boolean {
  return call.resource?.group === 'coordination.k8s.io';
}

function refusal(call: ApiCall, code: number, text: string, headers: IncomingHttpHeaders): ApiError {
  return apiError(code, text, callText(call), headers['retry-after']);
}

async function readSome(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestRefusal) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
