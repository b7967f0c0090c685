import type { Credentials } from './credentials.ts';
import { OciError } from './errors.ts';
import { type HttpClient, readBody } from './http.ts';
import { statusError } from './http-errors.ts';
import type { Reference } from './reference.ts';

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

export interface AuthorizeOptions {
  readonly http: HttpClient;
  readonly signal?: AbortSignal | undefined;
}

/** Without `expires_in` a token lives for a minute (distribution's token specification). */
const DEFAULT_TOKEN_SECONDS = 60;
const TOKEN_BODY_BYTES = 1024 * 1024;

/**
 * The Authorization value that answers a registry's challenge for pulling from a repository, and until when it holds (ms since 1970). `undefined` where there is
 * nothing to answer with. Throws OciError `Unauthorized` where the token service refuses.
 */
export async function answerChallenge(
  challenges: readonly Challenge[],
  credentials: Credentials | undefined,
  reference: Reference,
  options: AuthorizeOptions,
): Promise<{ readonly value: string; readonly expiresAt: number } | undefined> {
  if (credentials?.kind === 'bearer') return { value: `Bearer ${credentials.token}`, expiresAt: Infinity };
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined);
  if (bearer !== undefined) return fetchToken(bearer.parameters, credentials, reference, options);
  if (credentials?.kind === 'basic' && challenges.some(({ scheme }) => scheme === 'basic')) {
    return { value: basic(credentials.username, credentials.password), expiresAt: Infinity };
  }
  return undefined;
}

async function fetchToken(
  parameters: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
  reference: Reference,
  { http, signal }: AuthorizeOptions,
): Promise<{ readonly value: string; readonly expiresAt: number }> {
  const url = URL.parse(parameters['realm'] ?? '');
  if (url === null) {
    throw new OciError('Unauthorized', `${reference.registry} names no token service.`, {
      remedy: `Report it to the operator of ${reference.registry}.`,
    });
  }
  const query = {
    ...(parameters['service'] === undefined ? {} : { service: parameters['service'] }),
    scope: `repository:${reference.repository}:pull`,
  };
  const asked = Date.now();
  const response =
    credentials?.kind === 'refresh'
      ? await http.send({
          url,
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({
            ...query,
            grant_type: 'refresh_token',
            client_id: 'kaito',
            refresh_token: credentials.token,
          }).toString(),
          signal,
        })
      : await http.send({
          url: withQuery(url, credentials === undefined ? query : { ...query, account: accountOf(credentials) }),
          headers:
            credentials?.kind === 'basic' ? { authorization: basic(credentials.username, credentials.password) } : {},
          signal,
        });
  const body = (await readBody(response, TOKEN_BODY_BYTES, signal)).toString('utf8');
  if (response.status !== 200)
    throw refused(statusError(response.url, response.status, response.headers, body), credentials, reference);
  const { token, access_token: accessToken, expires_in: seconds } = parseToken(body);
  const value = token ?? accessToken;
  if (typeof value !== 'string' || value === '') {
    throw new OciError('Unauthorized', `The token service of ${reference.registry} gave no token.`, {
      remedy: `Report it to the operator of ${url.host}.`,
    });
  }
  const lifetime = typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_TOKEN_SECONDS;
  return { value: `Bearer ${value}`, expiresAt: asked + lifetime * 900 };
}

function accountOf(credentials: Credentials): string {
  return credentials.kind === 'basic' ? credentials.username : '';
}

function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
  const full = new URL(url.href);
  for (const [name, value] of Object.entries(query)) if (value !== '') full.searchParams.set(name, value);
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

function refused(error: OciError, credentials: Credentials | undefined, reference: Reference): OciError {
  if (error.code !== 'Unauthorized' && error.code !== 'Denied') return error;
  const { registry, repository } = reference;
  return new OciError(
    'Unauthorized',
    `${registry} ${credentials === undefined ? 'gives no anonymous access' : 'does not accept the login it was given'} to ${repository}.`,
    {
      remedy: `Log in with an account that may read it: docker login ${registry}`,
      status: error.status ?? 401,
      cause: error,
    },
  );
}
