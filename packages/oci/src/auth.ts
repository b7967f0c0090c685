import type { Credentials } from './credentials.ts';
import { OciError } from './errors.ts';
import { type HttpClient, type HttpResponse, readBody } from './http.ts';
import { statusError } from './http-errors.ts';

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads `WWW-Authenticate` (RFC 9110, section 11.6.1), which may hold several challenges. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const token = /\s*,?\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+))?/y;
  for (;;) {
    const match = token.exec(header);
    if (match === null) return challenges;
    const [, name = '', value] = match;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else {
      const last = challenges.at(-1);
      const bare = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
      if (last !== undefined) last.parameters[name.toLowerCase()] = bare;
    }
  }
}

/** An Authorization header. */
export interface Authorization {
  readonly value: string;
  /** Until when it holds, in ms since 1970. */
  readonly expiresAt: number;
  /** What mends it where it lacks a right, if that is not another login. */
  readonly remedy?: string;
}

const entraRemedy =
  "Give the identity a role on the registry (AcrPull to read, AcrPush to push), and sign in to the registry's tenant.";

export interface AuthorizeOptions {
  readonly target: { readonly registry: string; readonly repository: string };
  /** The rights wanted. */
  readonly scopes: readonly string[];
  /** The registry's own origin. */
  readonly origin: string;
  readonly http: HttpClient;
}

/** Without `expires_in` a token lives for a minute (distribution's token specification). */
const DEFAULT_TOKEN_SECONDS = 60;
const TOKEN_BODY_BYTES = 1024 * 1024;

/**
 * What answers a registry's challenge. `undefined` where there is nothing to answer with. Throws OciError `Unauthorized` where the token service
 * refuses.
 */
export async function answerChallenge(
  challenges: readonly Challenge[],
  credentials: Credentials | undefined,
  options: AuthorizeOptions,
): Promise<Authorization | undefined> {
  if (credentials?.kind === 'bearer') return { value: `Bearer ${credentials.token}`, expiresAt: Infinity };
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined);
  if (bearer !== undefined) return await fetchToken(bearer.parameters, credentials, options);
  if (credentials?.kind === 'basic' && challenges.some(({ scheme }) => scheme === 'basic')) {
    return { value: basic(credentials.username, credentials.password), expiresAt: Infinity };
  }
  return undefined;
}

async function fetchToken(
  parameters: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
  options: AuthorizeOptions,
): Promise<Authorization> {
  try {
    return await requestToken(parameters, credentials, options);
  } catch (error) {
    const ambient = credentials?.kind === 'entra' && credentials.ambient === true;
    const reads = options.scopes.every((scope) => scope.endsWith(':pull'));
    if (!ambient || !reads || !(error instanceof OciError) || error.code !== 'Unauthorized') throw error;
    return await requestToken(parameters, undefined, options).catch(() => {
      throw error;
    });
  }
}

async function requestToken(
  parameters: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
  options: AuthorizeOptions,
): Promise<Authorization> {
  const { http, scopes, target } = options;
  const url = URL.parse(parameters['realm'] ?? '');
  if (url === null) {
    throw new OciError('Unauthorized', `${target.registry} names no token service.`, {
      remedy: `Report it to the operator of ${target.registry}.`,
    });
  }
  const service = parameters['service'];
  const asked = Date.now();
  const refreshToken =
    credentials?.kind === 'refresh'
      ? credentials.token
      : credentials?.kind === 'entra'
        ? await exchangeEntraToken(credentials, url, service, options)
        : undefined;
  const response =
    refreshToken === undefined
      ? await http.send({
          url: withQuery(url, [
            ['service', service],
            ...scopes.map((scope) => ['scope', scope] as const),
            ['account', credentials?.kind === 'basic' ? credentials.username : undefined],
          ]),
          headers:
            credentials?.kind === 'basic' ? { authorization: basic(credentials.username, credentials.password) } : {},
        })
      : await http.send(
          form(url, {
            ...(service === undefined ? {} : { service }),
            scope: scopes.join(' '),
            grant_type: 'refresh_token',
            client_id: 'kaito',
            refresh_token: refreshToken,
          }),
        );
  const body = await tokenBody(response, credentials, options);
  const value = body['token'] ?? body['access_token'];
  if (typeof value !== 'string' || value === '') throw noToken(target.registry, url);
  const seconds = body['expires_in'];
  const lifetime = typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_TOKEN_SECONDS;
  const remedy = credentials?.kind === 'entra' ? entraRemedy : undefined;
  return { value: `Bearer ${value}`, expiresAt: asked + lifetime * 900, ...(remedy !== undefined && { remedy }) };
}

/**
 * Azure Container Registry's exchange of an Entra access token for a refresh token of its own. The Entra token goes to the registry itself
 * and to no other host, whatever realm the challenge names.
 */
async function exchangeEntraToken(
  credentials: Extract<Credentials, { kind: 'entra' }>,
  realm: URL,
  service: string | undefined,
  options: AuthorizeOptions,
): Promise<string> {
  const { target, origin, http } = options;
  if (realm.origin !== origin) {
    throw new OciError('Unauthorized', `${target.registry} sends logins on to ${realm.host}.`, {
      remedy:
        'An Entra login is given to an Azure Container Registry alone: use docker login with a token of that registry.',
    });
  }
  const url = new URL('/oauth2/exchange', origin);
  const response = await http.send(
    form(url, {
      grant_type: 'access_token',
      service: service ?? target.registry,
      ...(credentials.tenant === undefined ? {} : { tenant: credentials.tenant }),
      access_token: credentials.token,
    }),
  );
  const { refresh_token: token } = await tokenBody(response, credentials, options);
  if (typeof token !== 'string' || token === '') throw noToken(target.registry, url);
  return token;
}

function form(url: URL, fields: Readonly<Record<string, string>>) {
  return {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  } as const;
}

async function tokenBody(
  response: HttpResponse,
  credentials: Credentials | undefined,
  { target, scopes }: AuthorizeOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const body = (await readBody(response, TOKEN_BODY_BYTES)).toString('utf8');
  if (response.status === 200) return parseToken(body);
  const error = statusError(response.url, response.status, response.headers, body);
  throw refused(error, credentials, target, scopes);
}

function noToken(registry: string, url: URL): OciError {
  return new OciError('Unauthorized', `The token service of ${registry} gave no token.`, {
    remedy: `Report it to the operator of ${url.host}.`,
  });
}

function withQuery(url: URL, query: readonly (readonly [name: string, value: string | undefined])[]): URL {
  const full = new URL(url.href);
  for (const [name, value] of query) if (value !== undefined && value !== '') full.searchParams.append(name, value);
  return full;
}

function parseToken(body: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(body) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function refused(
  error: OciError,
  credentials: Credentials | undefined,
  { registry, repository }: AuthorizeOptions['target'],
  scopes: readonly string[],
): OciError {
  // Token services answer 400 to a refresh token that has run out (RFC 6749, section 5.2).
  const wrongLogin = error.code === 'Unauthorized' || error.code === 'Denied' || error.status === 400;
  if (!wrongLogin) return error;
  const right = scopes.some((scope) => scope.includes('push')) ? 'push to' : 'read';
  const entra = credentials?.kind === 'entra';
  return new OciError(
    'Unauthorized',
    `${registry} ${credentials === undefined ? 'gives no anonymous access' : 'does not accept the login it was given'} to ${repository === '' ? 'its list of repositories' : repository}.`,
    {
      remedy: entra ? entraRemedy : `Log in with an account that may ${right} it: docker login ${registry}`,
      status: error.status ?? 401,
      cause: error,
    },
  );
}
