import https from 'node:https';
import { getCACertificates } from 'node:tls';
import type { Clock } from '../clock.ts';
import { AzureError } from '../errors/azure-error.ts';
import { networkError } from '../errors/network-error.ts';
import { silentLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { exchange, ExchangeError } from './exchange.ts';
import type { Answer } from './exchange.ts';
import { pause } from './pause.ts';
import { remainingCalls } from './rate-limits.ts';
import { requestIds } from './request-ids.ts';
import { retryAfterMs } from './retry-after.ts';

/** What one attempt came to, for metrics. */
export interface RequestMeasure {
  readonly method: string;
  readonly host: string;
  /** Undefined: no answer came. */
  readonly status: number | undefined;
  readonly seconds: number;
  /** What Resource Manager says is left of its limits, by their names; empty where it says nothing. */
  readonly remaining: Readonly<Record<string, number>>;
}

export interface WireOptions {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Uniform in [0, 1), for jitter; default: Math.random. */
  readonly random?: () => number;
  readonly userAgent?: string;
  /**
   * PEM of authorities that are trusted beside those of Node and of NODE_EXTRA_CA_CERTS (which Node reads once, at its start).
   */
  readonly authorities?: string;
  /** `proxyFromEnvironment(env)`. */
  readonly proxy?: Readonly<Record<string, string>> | undefined;
  /** Limit of one attempt, ms; default 60 s: Resource Manager itself gives up then. */
  readonly timeoutMs?: number;
  /** How often a call is sent at most; default 4. */
  readonly tries?: number;
  /** A longer wait than this, ms, is reported (`retryAfterMs`) and not waited for; default 10 s. */
  readonly longestWaitMs?: number;
  readonly onRequest?: (measure: RequestMeasure) => void;
}

export interface WireCall {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Doing it twice comes to the same, and so does its answer. Other calls are only repeated where nothing was done. */
  readonly repeatable: boolean;
  readonly timeoutMs?: number;
  readonly tries?: number;
  readonly signal?: AbortSignal | undefined;
  /** For the metadata services of machines, which speak http at addresses of the machine itself; no proxy is used. */
  readonly plainHttp?: boolean;
}

/** Idle connections end before the load balancer of Azure ends them (4 minutes), or a request would meet a closing one. */
const idleMs = 100_000;
/** The first pause, ms; it doubles up to the longest. */
const firstPauseMs = 500;
const longestPauseMs = 8_000;
const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Nothing was sent. */
const unsent: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);
const lost: ReadonlySet<string> = new Set([...unsent, 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'TIMEOUT']);

/** The connections to Azure: one keep-alive pool, https only, with bounded retries. */
export class Wire {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #options: WireOptions;
  readonly #agent: https.Agent;
  readonly #random: () => number;

  constructor(options: WireOptions) {
    const { authorities, proxy } = options;
    this.#options = options;
    this.clock = options.clock;
    this.logger = options.logger ?? silentLogger;
    this.#random = options.random ?? Math.random;
    this.#agent = new https.Agent({
      keepAlive: true,
      timeout: idleMs,
      maxSockets: 32,
      ...(authorities === undefined ? {} : { ca: [...getCACertificates('default'), authorities] }),
      ...(proxy === undefined ? {} : { proxyEnv: proxy }),
    });
  }

  /**
   * The answer, whatever its status. Where it says to come again, or did not come, a call is repeated with growing, jittered pauses, or
   * after the time that was asked for.
   *
   * @throws AzureError `NetworkUnreachable`, `TimedOut`, `InvalidRequest` (an address without https), or the signal's reason
   */
  async send(call: WireCall): Promise<Answer> {
    if (call.url.protocol !== 'https:' && call.plainHttp !== true) throw notSecure(call.url);
    const { tries = 4, longestWaitMs = 10_000 } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(call);
      const again = answer instanceof ExchangeError ? mayResend(call, answer) : mayRepeat(call, answer.status);
      const asked = answer instanceof ExchangeError ? undefined : retryAfterMs(answer.headers, this.clock.now());
      if (!again || attempt >= (call.tries ?? tries) || (asked ?? 0) > longestWaitMs) {
        if (answer instanceof ExchangeError) throw networkError(answer.code, answer.cause, call.url.host);
        return answer;
      }
      await pause(this.clock, this.#pauseMs(attempt, asked), call.signal);
    }
  }

  /** Ends all connections, also those in use. */
  close(): void {
    this.#agent.destroy();
  }

  async #attempt(call: WireCall): Promise<Answer | ExchangeError> {
    const { clock } = this;
    const startedAt = clock.monotonic();
    let outcome: Answer | ExchangeError;
    try {
      outcome = await exchange({
        method: call.method,
        url: call.url,
        headers: {
          'user-agent': this.#options.userAgent ?? 'kaito',
          accept: 'application/json',
          'accept-encoding': 'gzip',
          ...call.headers,
        },
        body: call.body,
        agent: call.url.protocol === 'https:' ? this.#agent : undefined,
        clock,
        timeoutMs: call.timeoutMs ?? this.#options.timeoutMs ?? 60_000,
        signal: call.signal,
      });
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      outcome = error;
    }
    this.#measure(call, outcome, (clock.monotonic() - startedAt) / 1000);
    return outcome;
  }

  #measure(call: WireCall, outcome: Answer | ExchangeError, seconds: number): void {
    const { method, url } = call;
    const failed = outcome instanceof ExchangeError;
    const status = failed ? undefined : outcome.status;
    this.logger.log('debug', 'request to Azure', {
      method,
      host: url.host,
      path: url.pathname,
      seconds,
      ...(failed ? { error: outcome.code } : { status, ...requestIds(outcome.headers) }),
    });
    const remaining = failed ? {} : remainingCalls(outcome.headers);
    this.#options.onRequest?.({ method, host: url.host, status, seconds, remaining });
  }

  #pauseMs(attempt: number, asked: number | undefined): number {
    // Up to a tenth more, so that those who were told the same do not come back together.
    if (asked !== undefined) return Math.round(asked * (1 + this.#random() * 0.1));
    const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
    return Math.round(ceiling * (0.5 + this.#random() * 0.5));
  }
}

/** 429 is said before anything is done. */
function mayRepeat(call: WireCall, status: number): boolean {
  return status === 429 || (call.repeatable && transient.has(status));
}

function mayResend(call: WireCall, error: ExchangeError): boolean {
  return (call.repeatable ? lost : unsent).has(error.code);
}

function notSecure(url: URL): AzureError {
  return new AzureError('InvalidRequest', {
    message: `${url.host} is to be reached over ${url.protocol.slice(0, -1)}; tokens are only sent over https`,
    remedy: 'give an address that begins with https://',
    retry: 'never',
  });
}
