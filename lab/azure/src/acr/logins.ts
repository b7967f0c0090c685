import type { IncomingMessage } from 'node:http';
import type { Authorization } from '../authorization/authorization.ts';
import type { Access } from './access.ts';
import { covers } from './access.ts';
import type { AdminUsers } from './admin-user.ts';
import type { Registry } from './registries.ts';
import type { RegistryTokens } from './registry-tokens.ts';
import { type Caller, granted } from './rights.ts';
import type { Tokens } from './tokens.ts';

/** The user name that goes with a token in place of a password. */
export const tokenUser = '00000000-0000-0000-0000-000000000000';

export interface LoginParts {
  readonly tokens: Tokens;
  readonly adminUsers: AdminUsers;
  readonly registryTokens: Pick<RegistryTokens, 'callerOf'>;
  readonly authorization: Authorization;
}

/** What a login is worth at a registry: what of an access it gives. */
export interface Login {
  gives(wanted: Access): boolean;
}

/** The user and password of an Authorization header. */
export function basicCredentials(header: string | undefined): { username: string; password: string } | undefined {
  const [, encoded] = /^basic +(\S+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Whose user name and password these are: the admin user's, another of the registry's own users', or a refresh token. */
export function callerOf(
  { tokens, adminUsers, registryTokens }: LoginParts,
  registry: Registry,
  service: string,
  username: string,
  password: string,
): Caller | undefined {
  if (username.toLowerCase() === tokenUser) {
    const id = tokens.readRefresh(service, password);
    return id === undefined ? undefined : { kind: 'principal', id };
  }
  if (adminUsers.matches(registry, username, password)) return { kind: 'admin' };
  return registryTokens.callerOf(registry, username, password);
}

/** Reads the login of a request to a registry's data: an access token, or a user and password. Undefined: none, or not a good one. */
export function loginOf(
  parts: LoginParts,
  registry: Registry,
  service: string,
  request: IncomingMessage,
): Login | undefined {
  const header = request.headers.authorization;
  const [, bearer] = /^bearer +(\S+)$/i.exec(header ?? '') ?? [];
  const basic = basicCredentials(header);
  const token = bearer ?? (basic?.username === tokenUser ? basic.password : undefined);
  const access = token === undefined ? undefined : parts.tokens.readAccess(service, token);
  if (access !== undefined) return { gives: (wanted) => covers(access, wanted) };
  if (basic === undefined) return undefined;
  const caller = callerOf(parts, registry, service, basic.username, basic.password);
  if (caller === undefined) return undefined;
  return { gives: (wanted) => covers([granted(parts.authorization, registry, caller, wanted)], wanted) };
}
