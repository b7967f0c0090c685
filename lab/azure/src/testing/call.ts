import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { RunningAzure } from '../running-azure.ts';
import type { JsonObject } from '../store/store.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `{}` where there is none. */
  readonly body: JsonObject;
}

export interface CallOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: JsonObject | string;
}

/** Calls a running emulator as any client does. @param address a path of Resource Manager, or a whole address. @throws where the connection is cut */
export async function call(
  azure: RunningAzure,
  method: string,
  address: string,
  { token, headers = {}, body }: CallOptions = {},
): Promise<Answer> {
  const url = new URL(address, azure.endpoint);
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: url.port,
        path: url.pathname + url.search,
        servername: url.hostname,
        method,
        ca: readFileSync(azure.authorityFile),
        agent: false,
        headers: {
          host: url.host,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      (answer) => {
        text(answer).then(
          (said) =>
            resolve({
              status: answer.statusCode!,
              headers: answer.headers,
              body: said === '' ? {} : (JSON.parse(said) as JsonObject),
            }),
          reject,
        );
      },
    );
    sent.once('error', reject);
    sent.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });
}

/** Asks Entra for a token. @param form beside grant_type; the owner's secret where it names no client */
export async function logIn(azure: RunningAzure, form: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { appId, secret } = azure.owner;
  const given = {
    grant_type: 'client_credentials',
    scope: `${azure.endpoint}/.default`,
    ...(form['client_id'] === undefined && { client_id: appId, client_secret: secret }),
    ...form,
  };
  return await call(azure, 'POST', `${azure.authorityHost}/${azure.tenantId}/oauth2/v2.0/token`, {
    body: new URLSearchParams(given).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

/** The owner's token for Resource Manager. */
export async function ownerToken(azure: RunningAzure): Promise<string> {
  return String((await logIn(azure)).body['access_token']);
}

/** Calls the admin endpoint. @returns its answer; undefined where it has none */
export async function admin(azure: RunningAzure, method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const answer = await fetch(`${azure.admin}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const said = await answer.text();
  return said === '' ? {} : (JSON.parse(said) as JsonObject);
}
