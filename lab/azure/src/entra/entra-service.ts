import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EntraError, endpointUnknown, postNeeded, tenantNotFound } from '../errors/entra-errors.ts';
import type { JsonObject } from '../store/store.ts';
import { readText } from '../wire/request-body.ts';
import type { HostService } from '../wire/service.ts';
import type { SigningKey } from './signing-keys.ts';
import { type TokenEndpointOptions, grantToken } from './token-endpoint.ts';

const hosts = ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'];

/** Tenants that stand for any. */
const anyTenant = new Set(['common', 'organizations']);

const endpoint =
  /^\/([^/]+)\/(?:(v2\.0\/)?\.well-known\/openid-configuration|discovery\/(?:v2\.0\/)?(keys)|oauth2\/(v2\.0\/)?(token|authorize|devicecode|logout)|discovery\/(instance))$/i;

/** Entra ID: discovery, keys and tokens. */
export function createEntraService(
  options: TokenEndpointOptions & { readonly key: SigningKey; readonly names: 'public' | 'local' },
): HostService {
  const { tenantId, clock } = options;

  async function answer(request: IncomingMessage): Promise<JsonObject> {
    const origin = `https://${request.headers.host}`;
    const { pathname } = new URL(request.url ?? '/', origin);
    const match = endpoint.exec(pathname);
    if (match === null) throw endpointUnknown(pathname);
    const [, tenant, discoveryV2, keys, tokenV2, action, instance] = match as unknown as [
      string,
      string,
      ...(string | undefined)[],
    ];
    if (instance !== undefined) return instanceDiscovery(request, origin);
    if (!anyTenant.has(tenant) && tenant.toLowerCase() !== tenantId)
      throw tenantNotFound(tenant, action === undefined ? 'invalid_tenant' : 'invalid_request');
    if (keys !== undefined) return { keys: [{ ...options.key.jwk }] as unknown as JsonObject[] };
    if (action === undefined) return discovery(origin, tenant, discoveryV2 !== undefined);
    if (action !== 'token') throw endpointUnknown(pathname);
    if (request.method !== 'POST') throw postNeeded();
    return await grantToken(new URLSearchParams(await readText(request)), tokenV2 === undefined ? 'v1' : 'v2', options);
  }

  function discovery(origin: string, tenant: string, v2: boolean): JsonObject {
    const base = `${origin}/${tenant}`;
    const oauth = `${base}/oauth2${v2 ? '/v2.0' : ''}`;
    const shown = anyTenant.has(tenant) ? '{tenantid}' : tenantId;
    return {
      token_endpoint: `${oauth}/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      jwks_uri: `${base}/discovery${v2 ? '/v2.0' : ''}/keys`,
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'token id_token', 'token'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer: v2 ? `${origin}/${shown}/v2.0` : `https://sts.windows.net/${shown}/`,
      authorization_endpoint: `${oauth}/authorize`,
      device_authorization_endpoint: `${oauth}/devicecode`,
      end_session_endpoint: `${oauth}/logout`,
      tenant_region_scope: null,
      cloud_instance_name: 'microsoftonline.com',
      cloud_graph_host_name: 'graph.windows.net',
      msgraph_host: 'graph.microsoft.com',
    };
  }

  function instanceDiscovery(request: IncomingMessage, origin: string): JsonObject {
    const asked = new URL(request.url ?? '/', origin).searchParams.get('authorization_endpoint');
    const tenant = /^https:\/\/[^/]+\/([^/]+)\//.exec(asked ?? '')?.[1] ?? tenantId;
    const own = options.names === 'public' ? hosts : [request.headers.host ?? ''];
    return {
      tenant_discovery_endpoint: `${origin}/${tenant}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: own[0]!, preferred_cache: own[1] ?? own[0]!, aliases: own }],
    };
  }

  return {
    serves: (host, path) => (options.names === 'public' ? hosts.includes(host.split(':')[0]!) : endpoint.test(path)),
    names: () => (options.names === 'public' ? hosts : []),
    async handle(request, response) {
      const trace = randomUUID();
      const correlation = correlationOf(request) ?? randomUUID();
      try {
        send(response, 200, await answer(request), trace);
      } catch (error) {
        if (!(error instanceof EntraError)) throw error;
        const timestamp = `${clock.now().toISOString().slice(0, 19).replace('T', ' ')}Z`;
        send(
          response,
          error.status,
          {
            error: error.error,
            error_description: `${error.message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
            error_codes: [error.code],
            timestamp,
            trace_id: trace,
            correlation_id: correlation,
            error_uri: `https://${request.headers.host}/error?code=${error.code}`,
          },
          trace,
        );
      }
    },
  };
}

function correlationOf(request: IncomingMessage): string | undefined {
  const header = request.headers['client-request-id'];
  const query = /[?&]client-request-id=([\w-]+)/.exec(request.url ?? '')?.[1];
  return typeof header === 'string' ? header : query;
}

function send(response: ServerResponse, status: number, body: JsonObject, trace: string): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store, no-cache',
    'x-ms-request-id': trace,
  });
  response.end(text);
}
