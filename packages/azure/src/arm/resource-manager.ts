import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Cloud } from '../cloud.ts';
import type { Call } from '../call.ts';
import type { AccessToken, Credential } from '../credentials/credential.ts';
import { AzureError } from '../errors/azure-error.ts';
import { classify } from '../errors/classify.ts';
import { listOf, objectOf, parseJson, textOf } from '../json.ts';
import type { Answer } from '../wire/exchange.ts';
import { retryAfterMs } from '../wire/retry-after.ts';
import type { Wire } from '../wire/wire.ts';
import { contextOf } from './call-context.ts';
import { claimsOf } from './claims-challenge.ts';

export interface ArmCall extends Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** From `armPath` or `scopePath`. */
  readonly path: string;
  readonly apiVersion: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Default: GET, PUT and DELETE are. A conditional PUT is not: its answer is another the second time. */
  readonly repeatable?: boolean;
}

/** Of a call, what is not in its address. */
type Sent = Omit<ArmCall, 'method' | 'path' | 'apiVersion'>;

export interface ArmAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Undefined where it is empty or no JSON. */
  readonly body: unknown;
}

const mostPages = 1000;

/** Azure Resource Manager as one identity calls it. */
export class ResourceManager {
  readonly wire: Wire;
  readonly origin: string;
  readonly #cloud: Cloud;
  readonly #credential: Credential;

  /** @throws AzureError `InvalidRequest` for a cloud whose address is none */
  constructor(options: { readonly cloud: Cloud; readonly credential: Credential; readonly wire: Wire }) {
    this.wire = options.wire;
    this.#cloud = options.cloud;
    this.#credential = options.credential;
    const base = URL.parse(options.cloud.resourceManager);
    if (base === null || base.protocol !== 'https:' || base.pathname !== '/')
      throw new AzureError('InvalidRequest', {
        message: `the cloud ${options.cloud.name} has no https address of Resource Manager`,
        remedy: 'give its address as https://HOST or https://HOST:PORT',
        retry: 'never',
      });
    this.origin = base.origin;
  }

  /** @throws AzureError for any status from 300 on, classified */
  async send(call: ArmCall): Promise<ArmAnswer> {
    const url = new URL(this.origin + call.path);
    for (const [name, value] of Object.entries({ ...call.query, 'api-version': call.apiVersion }))
      url.searchParams.set(name, value);
    return await this.#send(call.method, url, call);
  }

  /** All pages of a list. @throws AzureError; `ServerError` where a page leads elsewhere or round in circles */
  async list(call: Omit<ArmCall, 'method'>): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    const seen = new Set<string>();
    let { body } = await this.send({ ...call, method: 'GET' });
    for (;;) {
      const page = objectOf(body);
      items.push(...listOf(page?.['value']));
      const next = textOf(page?.['nextLink']);
      if (next === undefined) return items;
      if (!this.owns(next) || seen.has(next) || seen.size >= mostPages) throw astray();
      seen.add(next);
      ({ body } = await this.#send('GET', new URL(next), call));
    }
  }

  /** Looks at an address that Resource Manager gave, whatever its status. @throws AzureError when no answer came, `InvalidRequest` for an address elsewhere */
  async look(url: string, call: Call = {}): Promise<ArmAnswer & { readonly retryAfterMs: number | undefined }> {
    if (!this.owns(url)) throw astray();
    const answer = await this.#authorized('GET', new URL(url), call);
    return { ...parsed(answer), retryAfterMs: retryAfterMs(answer.headers, this.wire.clock.now()) };
  }

  /** Whether an address is of this Resource Manager: nothing else gets its tokens. */
  owns(url: string): boolean {
    const parsedUrl = URL.parse(url);
    return parsedUrl?.origin === this.origin && parsedUrl.username === '' && parsedUrl.password === '';
  }

  async #send(method: ArmCall['method'], url: URL, call: Sent): Promise<ArmAnswer> {
    const answer = await this.#authorized(method, url, call);
    const { status, headers } = answer;
    if (status < 200 || status >= 300)
      throw classify(
        { status, headers, body: answer.text, retryAfterMs: retryAfterMs(headers, this.wire.clock.now()) },
        contextOf(url.pathname),
      );
    return parsed(answer);
  }

  /** Once more with a fresh token where this one is not accepted, with the claims that are asked for. */
  async #authorized(method: ArmCall['method'], url: URL, call: Sent): Promise<Answer> {
    const { signal, headers, body, repeatable = method !== 'POST' && method !== 'PATCH' } = call;
    const clientRequestId = randomUUID();
    const attempt = async ({ value }: AccessToken) =>
      await this.wire.send({
        method,
        url,
        headers: {
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          authorization: `Bearer ${value}`,
          'x-ms-client-request-id': clientRequestId,
          'x-ms-return-client-request-id': 'true',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        repeatable,
        signal,
      });
    const audience = this.#cloud.resourceManagerAudience;
    const options = signal === undefined ? {} : { signal };
    const token = await this.#credential.token(audience, options);
    const answer = await attempt(token);
    if (answer.status !== 401) return answer;
    const claims = claimsOf(answer.headers['www-authenticate']);
    const fresh = await this.#credential.token(audience, {
      ...options,
      insteadOf: token,
      ...(claims === undefined ? {} : { claims }),
    });
    return fresh.value === token.value ? answer : await attempt(fresh);
  }
}

function parsed({ status, headers, text }: Answer): ArmAnswer {
  return { status, headers, body: text === '' ? undefined : parseJson(text) };
}

function astray(): AzureError {
  return new AzureError('ServerError', {
    message: 'an answer of Resource Manager leads to another server, or round in circles',
    remedy: 'check the address of Resource Manager, and proxies on the way there',
    retry: 'later',
  });
}
