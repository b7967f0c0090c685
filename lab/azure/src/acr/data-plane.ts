import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@kaito/kube';
import { answerDistribution, type DistributionParts, untag } from './distribution.ts';
import { admits } from './firewall.ts';
import { loginOf } from './logins.ts';
import { answerMetadata, readMetadataRequest } from './metadata.ts';
import { publicHost, type Registry } from './registries.ts';
import { addressDenied, challenged, nothingHere, RegistryError, tooManyRequests } from './registry-error.ts';
import { readDistributionRequest } from './requests.ts';
import { exchange, token, type TokenParts } from './token-endpoints.ts';

export interface DataPlaneParts extends DistributionParts, TokenParts {
  readonly logger: Logger;
}

/** Answers everything that is asked of a registry by its login server. */
export async function answerRegistry(
  parts: DataPlaneParts,
  registry: Registry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('strict-transport-security', 'max-age=31536000; includeSubDomains');
  response.setHeader('access-control-expose-headers', [
    'Docker-Content-Digest',
    'WWW-Authenticate',
    'Link',
    'X-Ms-Correlation-Request-Id',
  ]);
  response.setHeader('x-ms-correlation-request-id', randomUUID());
  await withErrors(parts.logger, response, async () => {
    const path = (request.url ?? '/').split('?')[0] as string;
    // Tokens are for the name by which the registry was called.
    const service = serviceOf(registry, request);
    const from = request.socket.remoteAddress ?? '';
    if (!registry.publicNetworkAccess || !admits(registry.networkRules, from)) throw addressDenied(from);
    const wait = parts.faults.throttled(publicHost(registry.name));
    if (wait !== undefined) throw tooManyRequests(wait);
    if (path === '/oauth2/exchange') await exchange(parts, registry, service, request, response);
    else if (path === '/oauth2/token') await token(parts, registry, service, request, response);
    else await answerData(parts, registry, service, path, request, response);
  });
}

async function answerData(
  parts: DataPlaneParts,
  registry: Registry,
  service: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const host = publicHost(registry.name);
  const distribution = readDistributionRequest(method, path);
  const metadata = readMetadataRequest(method, path);
  const asked = distribution ?? metadata;
  if (asked === undefined) throw nothingHere();
  const login = loginOf(parts, registry, service, request);
  const realm = `https://${service}/oauth2/token`;
  if (login === undefined) throw challenged(realm, service, asked.needs);
  const pull = (repository: string): boolean =>
    login.gives({ type: 'repository', name: repository, actions: ['pull'] });
  const allowed =
    asked.needs === undefined || login.gives(asked.needs) || (asked.kind === 'tags' && pull(asked.repository));
  if (!allowed) throw challenged(realm, service, asked.needs, 'insufficient_scope');
  if (distribution !== undefined) {
    await answerDistribution(parts, host, distribution, pull, request, response);
  } else if (metadata !== undefined) {
    await answerMetadata(metadata, service, parts.backend.content(host), request, response, async (repository, tag) => {
      await untag(parts.backend, host, repository, tag);
    });
  }
}

/** The host name, with its port where the registry has one of its own, that the caller used. */
function serviceOf({ loginServer, name }: Registry, request: IncomingMessage): string {
  const asked = (request.headers.host ?? '').toLowerCase();
  return asked.split(':')[0] === publicHost(name) ? asked : loginServer.toLowerCase();
}

/** Runs a handler; what it throws becomes the answer. */
export async function withErrors(logger: Logger, response: ServerResponse, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RegistryError)) {
      logger.log('error', 'a request to a registry failed', { error: String((error as Error)?.stack ?? error) });
    }
    if (response.headersSent) response.destroy();
    else if (error instanceof RegistryError) error.send(response);
    else new RegistryError(500, 'UNKNOWN', 'unknown error').send(response);
  }
}
