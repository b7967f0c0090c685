import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readFileSync } from 'node:fs';
import type { RunningAzure } from '../../running-azure.ts';
import { type AzureOptions, startAzure } from '../../setup.ts';

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly bytes: Buffer;
  /** The body, read as JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form is sent as one; other objects as JSON. */
  readonly body?: object | Buffer | URLSearchParams | Readable;
}

export interface Account {
  readonly appId: string;
  readonly objectId: string;
  readonly secret: string;
}

/** An emulator, used from outside: by its wire and its admin endpoint. */
export interface Cloud extends AsyncDisposable {
  readonly azure: RunningAzure;
  call(url: string, call?: Call): Promise<Answer>;
  /** A call of Resource Manager, by default as the owner; a path without a version gets one. */
  arm(method: string, path: string, body?: object, as?: Account): Promise<Answer>;
  /** The same, followed to its end; resolves with the last answer. */
  finished(method: string, path: string, body?: object): Promise<Answer>;
  admin(method: string, path: string, body?: object): Promise<Answer>;
  /** A service principal with a role. */
  account(role?: string, scope?: string): Promise<Account>;
  /** An access token of Entra. */
  token(account: Account, resource?: string): Promise<string>;
}

const version = '2026-09-01-preview';

export async function startCloud(options: AzureOptions = {}): Promise<Cloud> {
  const azure = await startAzure({ operationMs: 0, retryAfterSeconds: 0, ...options });
  const ca = readFileSync(azure.authorityFile);

  async function call(url: string, { method = 'GET', headers = {}, body }: Call = {}): Promise<Answer> {
    const stream = body !== undefined && 'pipe' in body ? body : undefined;
    const bytes = stream === undefined && body !== undefined ? encoded(body as object) : undefined;
    const { hostname, host } = new URL(url);
    const outgoing = request(url, {
      method,
      ca,
      agent: false,
      // Azure's own names lead here only where a hosts file says so.
      ...(azure.names === 'public' && { hostname: '127.0.0.1', port: azure.port, servername: hostname }),
      headers: {
        host,
        ...(body instanceof URLSearchParams && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(body !== undefined &&
          bytes !== body &&
          !(body instanceof URLSearchParams) &&
          stream === undefined && { 'content-type': 'application/json' }),
        ...(stream === undefined && { 'content-length': String(bytes?.length ?? 0) }),
        ...headers,
      },
    });
    const answered = new Promise<Answer>((resolve, reject) => {
      outgoing.once('error', reject);
      outgoing.once('response', (answer) => {
        buffer(answer).then(
          (content) =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              bytes: content,
              get json() {
                return JSON.parse(content.toString('utf8')) as unknown;
              },
            }),
          reject,
        );
      });
    });
    if (stream === undefined) outgoing.end(bytes);
    else await pipeline(stream, outgoing);
    return await answered;
  }

  async function token(account: Account, resource = 'https://management.azure.com'): Promise<string> {
    const answer = await call(`${azure.authorityHost}/${azure.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: account.appId,
        client_secret: account.secret,
        scope: `${resource}/.default`,
      }),
    });
    return (answer.json as { access_token: string }).access_token;
  }

  async function arm(method: string, path: string, body?: object, as: Account = azure.owner): Promise<Answer> {
    const url = path.startsWith('https:') ? path : `${azure.endpoint}${path}`;
    return await call(url.includes('api-version') ? url : `${url}?api-version=${version}`, {
      method,
      headers: { authorization: `Bearer ${await token(as)}` },
      ...(body !== undefined && { body }),
    });
  }

  const cloud: Cloud = {
    azure,
    call,
    arm,
    token,
    async finished(method, path, body) {
      const begun = await arm(method, path, body);
      const followed = begun.headers['azure-asyncoperation'] ?? begun.headers['location'];
      if (typeof followed !== 'string' || begun.status >= 300) return begun;
      for (;;) {
        const answer = await arm('GET', followed);
        const status = answer.bytes.length === 0 ? undefined : (answer.json as { status?: string }).status;
        if (answer.status !== 202 && status !== 'InProgress') return answer;
      }
    },
    admin: async (method, path, body) => {
      const answer = await fetch(`${azure.admin}${path}`, {
        method,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        bytes,
        get json() {
          return JSON.parse(bytes.toString('utf8')) as unknown;
        },
      };
    },
    account: async (role, scope) =>
      (await cloud.admin('POST', '/service-principals', { ...(role !== undefined && { role, scope }) }))
        .json as Account,
    [Symbol.asyncDispose]: async () => await azure.stop(),
  };
  return cloud;
}

function encoded(body: object): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(body instanceof URLSearchParams ? body.toString() : JSON.stringify(body));
}
