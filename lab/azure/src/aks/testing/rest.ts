import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import type { JsonObject } from '../../store/store.ts';
import type { RunningAzure } from '../../running-azure.ts';

export interface RestAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: JsonObject;
}

/** Calls an emulator over its wire, as the owner of its subscription or as nobody. */
export class Rest {
  readonly #azure: RunningAzure;
  readonly #authority: Buffer;
  #token: string | undefined;

  constructor(azure: RunningAzure) {
    this.#azure = azure;
    this.#authority = readFileSync(azure.authorityFile);
  }

  /** Posts a form to Entra's token endpoint, for an access token of Resource Manager. */
  async token(form: Readonly<Record<string, string>>): Promise<RestAnswer> {
    const { authorityHost, tenantId } = this.#azure;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'https://management.azure.com/.default',
      ...form,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return await this.#send('POST', `${authorityHost}/${tenantId}/oauth2/v2.0/token`, headers, body.toString());
  }

  /** A call of Resource Manager. @param path with its api-version */
  async arm(method: string, path: string, body?: JsonObject): Promise<RestAnswer> {
    const { endpoint, owner } = this.#azure;
    this.#token ??= String(
      (await this.token({ client_id: owner.appId, client_secret: owner.secret })).body['access_token'],
    );
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    return await this.#send(method, `${endpoint}${path}`, headers, body === undefined ? '' : JSON.stringify(body));
  }

  /** Makes a call, and follows its operation to the end. @returns how that ended */
  async done(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
    const { status, headers, body: answer } = await this.arm(method, path, body);
    const url = headers['azure-asyncoperation'];
    if (status >= 400 || typeof url !== 'string') return { status, ...answer };
    const { pathname, search } = new URL(url);
    for (;;) {
      const operation = (await this.arm('GET', pathname + search)).body;
      if (operation['status'] !== 'InProgress') return operation;
    }
  }

  async #send(method: string, url: string, headers: Record<string, string>, body: string): Promise<RestAnswer> {
    const sent = request(url, { method, headers, ca: this.#authority }).end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const read = answer.headers['content-type']?.includes('json') === true ? await json(answer) : {};
    answer.resume();
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: read as JsonObject };
  }
}
