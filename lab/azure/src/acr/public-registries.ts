import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@kaito/kube';
import { type Access, covers, parseScopes } from './access.ts';
import { withErrors } from './data-plane.ts';
import { answerDistribution, type DistributionParts } from './distribution.ts';
import { sendJson } from './pages.ts';
import { challenged, invalidRequest, nothingHere, tooManyRequests, unsupported } from './registry-error.ts';
import { readDistributionRequest } from './requests.ts';
import type { Tokens } from './tokens.ts';

/** A registry that anyone may read and nobody write: images come into it by the admin endpoint. */
export interface PublicRegistry {
  /** How images name it. */
  readonly host: string;
  /** Host names that lead to it. */
  readonly names: readonly string[];
  /** Where it sends callers for a token, though anyone gets one. */
  readonly auth?: { readonly host: string; readonly service: string };
}

export const microsoftRegistry: PublicRegistry = { host: 'mcr.microsoft.com', names: ['mcr.microsoft.com'] };

export const dockerHub: PublicRegistry = {
  host: 'docker.io',
  names: ['docker.io', 'index.docker.io', 'registry-1.docker.io'],
  auth: { host: 'auth.docker.io', service: 'registry.docker.io' },
};

export const publicRegistries = [microsoftRegistry, dockerHub];

export interface PublicParts extends DistributionParts {
  readonly tokens: Tokens;
  readonly logger: Logger;
}

const tokenSeconds = 300;

/** Answers what is asked of a public registry. */
export async function answerPublic(
  parts: PublicParts,
  registry: PublicRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  await withErrors(parts.logger, response, async () => {
    const wait = parts.faults.throttled(registry.host);
    if (wait !== undefined) throw tooManyRequests(wait);
    const path = (request.url ?? '/').split('?')[0] as string;
    const asked = readDistributionRequest(request.method ?? 'GET', path);
    if (asked === undefined || asked.kind === 'catalog') throw nothingHere();
    if (request.method !== 'GET' && request.method !== 'HEAD') throw unsupported();
    if (registry.auth !== undefined) {
      const { host, service } = registry.auth;
      const [, bearer] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
      const access = bearer === undefined ? undefined : parts.tokens.readAccess(service, bearer);
      const needs: Access | undefined = asked.needs && { ...asked.needs, actions: ['pull'] };
      const asker = (request.headers.host ?? '').toLowerCase();
      const here = registry.names.includes(asker.split(':')[0] as string);
      const realm = `https://${here ? host : asker}/token`;
      if (access === undefined) throw challenged(realm, service, needs);
      if (needs !== undefined && !covers(access, needs)) throw challenged(realm, service, needs, 'insufficient_scope');
    }
    await answerDistribution(parts, registry.host, asked, () => false, request, response);
  });
}

/** The token service of a public registry: pulling is for everyone. */
export async function answerPublicToken(
  { tokens, logger }: PublicParts,
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await withErrors(logger, response, async () => {
    const url = new URL(request.url ?? '/', 'https://registry');
    if (url.pathname !== '/token') throw nothingHere();
    if (request.method !== 'GET') throw unsupported();
    if (request.headers.authorization !== undefined) throw challenged(`https://${url.host}/token`, service);
    const scopes = parseScopes(url.searchParams.getAll('scope'));
    if (scopes === undefined) throw invalidRequest('the scope is malformed');
    if (url.searchParams.get('service') !== service) throw invalidRequest(`the service is not '${service}'`);
    const access = scopes
      .filter(({ type }) => type === 'repository')
      .map((scope) => ({ ...scope, actions: scope.actions.filter((action) => action === 'pull') }));
    const token = tokens.access(service, '', access);
    const issued = new Date().toISOString();
    sendJson(request, response, 200, { token, access_token: token, expires_in: tokenSeconds, issued_at: issued });
  });
}
