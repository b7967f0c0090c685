import type { ServerResponse } from 'node:http';
import type { Access } from './access.ts';

/** An error of a registry's own interface: `{"errors":[{"code","message","detail"}]}` with a status. Every one has a named maker here. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;
  readonly code: string;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly detail?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = more.detail;
    this.headers = more.headers ?? {};
  }

  send(response: ServerResponse): void {
    const error = { code: this.code, message: this.message, ...(this.detail !== undefined && { detail: this.detail }) };
    response.writeHead(this.status, { 'content-type': 'application/json; charset=utf-8', ...this.headers });
    response.end(JSON.stringify({ errors: [error] }));
  }
}

const authenticationRequired = 'authentication required, visit https://aka.ms/acr/authorization for more information.';

/** At the token endpoints: no login, a wrong one, or one without any right here. */
export const loginRefused = (): RegistryError => new RegistryError(401, 'UNAUTHORIZED', authenticationRequired);

/**
 * Tells where tokens come from and, where something in particular was wanted, for what.
 *
 * @param problem `insufficient_scope`: the token is good, for something else
 */
export const challenged = (
  realm: string,
  service: string,
  wanted?: Access,
  problem: 'invalid_token' | 'insufficient_scope' = 'invalid_token',
): RegistryError => {
  const scope =
    wanted === undefined ? '' : `,scope="${wanted.type}:${wanted.name}:${wanted.actions.join(',')}",error="${problem}"`;
  return new RegistryError(401, 'UNAUTHORIZED', authenticationRequired, {
    headers: { 'www-authenticate': `Bearer realm="${realm}",service="${service}"${scope}` },
    ...(wanted !== undefined && {
      detail: wanted.actions.map((Action) => ({ Type: wanted.type, Name: wanted.name, Action })),
    }),
  });
};

/** The registry's firewall. */
export const addressDenied = (address: string): RegistryError =>
  new RegistryError(
    403,
    'DENIED',
    `client with IP '${address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.`,
  );

export const nothingHere = (): RegistryError => new RegistryError(404, 'NOT_FOUND', 'page not found');

export const repositoryUnknown = (repository: string): RegistryError =>
  new RegistryError(404, 'NAME_UNKNOWN', `repository "${repository}" is not found`, { detail: { name: repository } });

export const tagUnknown = (tag: string): RegistryError =>
  new RegistryError(404, 'TAG_UNKNOWN', 'the specified tag does not exist', { detail: { tag } });

export const manifestUnknown = (digest: string): RegistryError =>
  new RegistryError(404, 'MANIFEST_UNKNOWN', `manifest ${digest} is not found`, { detail: { digest } });

export const unsupported = (): RegistryError => new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.');

export const invalidRequest = (why: string): RegistryError => new RegistryError(400, 'BAD_REQUEST', why);

export const tooManyRequests = (seconds: number): RegistryError =>
  new RegistryError(429, 'TOOMANYREQUESTS', 'too many requests', { headers: { 'retry-after': String(seconds) } });

export const registryUnavailable = (why: string): RegistryError =>
  new RegistryError(503, 'UNAVAILABLE', `the storage of the registry cannot be reached: ${why}`);
