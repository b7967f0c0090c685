import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principals } from '../entra/principals.ts';
import { parseScopes } from './access.ts';
import { basicCredentials, callerOf, type LoginParts } from './logins.ts';
import type { Registry } from './registries.ts';
import { invalidRequest, loginRefused, unsupported } from './registry-error.ts';
import { type Caller, granted, hasAnyRight } from './rights.ts';

export interface TokenParts extends LoginParts {
  readonly principals: Principals;
  readonly tenantId: string;
}

const formBytes = 256 * 1024;

/** `/oauth2/exchange`: a token of Entra for a refresh token of the registry. @throws RegistryError */
export async function exchange(
  parts: TokenParts,
  registry: Registry,
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') throw unsupported();
  const form = await readForm(request);
  const grant = form.get('grant_type');
  if (grant !== 'access_token' && grant !== 'access_token_refresh_token') {
    throw invalidRequest(`grant_type '${grant ?? ''}' is not supported`);
  }
  checkService(form, service);
  const tenant = form.get('tenant');
  if (tenant !== null && tenant !== '' && tenant.toLowerCase() !== parts.tenantId.toLowerCase()) throw loginRefused();
  const principal = parts.principals.authenticate(form.get('access_token') ?? '', 'registry');
  if (principal === undefined || !hasAnyRight(parts.authorization, registry, principal.id)) throw loginRefused();
  answer(response, { refresh_token: parts.tokens.refresh(service, principal.id, parts.tenantId) });
}

/**
 * `/oauth2/token`: an access token for scopes, to who has a refresh token, a user and password, or nothing where the registry lets anyone pull. It
 * holds what of the scopes the caller has the rights for now. @throws RegistryError
 */
export async function token(
  parts: TokenParts,
  registry: Registry,
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const post = request.method === 'POST';
  if (!post && request.method !== 'GET') throw unsupported();
  const form = post ? await readForm(request) : new URL(request.url ?? '/', 'https://registry').searchParams;
  checkService(form, service);
  const scopes = parseScopes(form.getAll('scope'));
  if (scopes === undefined) throw invalidRequest(`the scope '${form.getAll('scope').join(' ')}' is malformed`);
  const caller = callerOfForm(parts, registry, service, form, request);
  if (caller === undefined || (caller.kind === 'anonymous' && !registry.anonymousPullEnabled)) throw loginRefused();
  const access = scopes.map((scope) => granted(parts.authorization, registry, caller, scope));
  const held = access.filter(({ actions }) => actions.length > 0);
  if (scopes.length > 0 && held.length === 0) throw loginRefused();
  answer(response, { access_token: parts.tokens.access(service, subjectOf(caller, registry), held) });
}

function subjectOf(caller: Caller, registry: Registry): string {
  switch (caller.kind) {
    case 'principal':
      return caller.id;
    case 'admin':
      return registry.name;
    case 'token':
      return caller.name;
    default:
      return '';
  }
}

function callerOfForm(
  parts: LoginParts,
  registry: Registry,
  service: string,
  form: URLSearchParams,
  request: IncomingMessage,
): Caller | undefined {
  switch (form.get('grant_type')) {
    case 'refresh_token': {
      const id = parts.tokens.readRefresh(service, form.get('refresh_token') ?? '');
      return id === undefined ? undefined : { kind: 'principal', id };
    }
    case 'password':
      return callerOf(parts, registry, service, form.get('username') ?? '', form.get('password') ?? '');
    case null: {
      if (request.headers.authorization === undefined) return { kind: 'anonymous' };
      const basic = basicCredentials(request.headers.authorization);
      return basic && callerOf(parts, registry, service, basic.username, basic.password);
    }
    default:
      throw invalidRequest(`grant_type '${form.get('grant_type')}' is not supported`);
  }
}

function checkService(form: URLSearchParams, service: string): void {
  const asked = form.get('service');
  if (asked?.toLowerCase() !== service) throw invalidRequest(`service '${asked ?? ''}' is not '${service}'`);
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > formBytes) throw invalidRequest('the form is too large');
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function answer(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
