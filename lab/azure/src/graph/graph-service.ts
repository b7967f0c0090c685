import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ArmError } from '../errors/arm-error.ts';
import {
  graphInvalidFilter,
  graphInvalidObjectId,
  graphNotFound,
  graphUnknownSegment,
} from '../errors/graph-errors.ts';
import type { Directory } from '../entra/directory.ts';
import type { Principal } from '../entra/principals.ts';
import type { JsonObject } from '../store/store.ts';
import { readBody } from '../wire/request-body.ts';
import type { HostService } from '../wire/service.ts';

const guid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export interface GraphOptions {
  readonly directory: Directory;
  readonly tenantId: string;
  readonly names: 'public' | 'local';
  /** @throws ArmError 401 */
  readonly authenticate: (header: string | undefined) => string;
}

/** Microsoft Graph's look-ups of service principals and applications; anything else is an error. */
export function createGraphService(options: GraphOptions): HostService {
  const { directory } = options;

  async function answer(request: IncomingMessage): Promise<JsonObject> {
    options.authenticate(request.headers.authorization);
    const origin = `https://${request.headers.host}`;
    const url = new URL(request.url ?? '/', origin);
    const path = decodeURIComponent(url.pathname).replace(/^\/(v1\.0|beta)/, '');
    const filter = url.searchParams.get('$filter');
    const list = (
      kind: 'servicePrincipals' | 'applications',
      shown: (principal: Principal) => JsonObject,
    ): JsonObject => ({
      '@odata.context': `${origin}/v1.0/$metadata#${kind}`,
      value: directory
        .list()
        // A managed identity has no application that anyone could see.
        .filter((each) => kind === 'servicePrincipals' || each.servicePrincipalType === 'Application')
        .filter(principalFilter(filter))
        .map(shown),
    });
    if (request.method === 'GET' && path === '/servicePrincipals') return list('servicePrincipals', shownPrincipal);
    if (request.method === 'GET' && path === '/applications') return list('applications', shownApplication);
    // People and groups: this directory has none, and says so.
    if (request.method === 'GET' && (path === '/users' || path === '/groups'))
      return { '@odata.context': `${origin}/v1.0/$metadata#${path.slice(1)}`, value: [] };
    if (request.method === 'POST' && path === '/directoryObjects/getByIds')
      return byIds(await readBody(request), origin);
    const one = /^\/(servicePrincipals|applications|directoryObjects)(?:\/([^/]+)|\(appId='([^']+)'\))$/.exec(path);
    if (request.method !== 'GET' || one === null) throw graphUnknownSegment(path);
    const [, kind, id, appId] = one;
    const principal = found((id ?? appId)!, appId !== undefined);
    return kind === 'applications' ? shownApplication(principal) : shownPrincipal(principal);
  }

  function found(id: string, byAppId: boolean): Principal {
    if (!guid.test(id)) throw graphInvalidObjectId(id);
    const principal = directory.find(id);
    if (principal === undefined || (byAppId ? principal.appId : principal.id) !== id.toLowerCase())
      throw graphNotFound(id);
    return principal;
  }

  function byIds(body: JsonObject | undefined, origin: string): JsonObject {
    const ids = body?.['ids'];
    if (!Array.isArray(ids)) throw graphInvalidObjectId('');
    const types = body?.['types'];
    const wanted =
      !Array.isArray(types) ||
      types.length === 0 ||
      types.includes('servicePrincipal') ||
      types.includes('directoryObject');
    const value = wanted
      ? ids.flatMap((id) => {
          const principal = directory.find(String(id));
          return principal === undefined || principal.id !== id
            ? []
            : [{ '@odata.type': '#microsoft.graph.servicePrincipal', ...shownPrincipal(principal) }];
        })
      : [];
    return { '@odata.context': `${origin}/v1.0/$metadata#directoryObjects`, value };
  }

  const shownPrincipal = (principal: Principal): JsonObject => ({
    id: principal.id,
    appId: principal.appId,
    appDisplayName: principal.servicePrincipalType === 'ManagedIdentity' ? null : principal.displayName,
    displayName: principal.displayName,
    servicePrincipalType: principal.servicePrincipalType,
    servicePrincipalNames: [
      principal.appId,
      ...(principal.alternativeId === undefined ? [] : [`https://identity.azure.net/${principal.id}`]),
    ],
    alternativeNames: principal.alternativeId === undefined ? [] : ['isExplicit=True', principal.alternativeId],
    accountEnabled: true,
    appOwnerOrganizationId: options.tenantId,
    appRoles: [],
    keyCredentials: [],
    passwordCredentials: [],
    replyUrls: [],
    tags: [],
    signInAudience: principal.servicePrincipalType === 'ManagedIdentity' ? null : 'AzureADMyOrg',
  });

  return {
    serves: (host, path) =>
      options.names === 'public' ? host.split(':')[0] === 'graph.microsoft.com' : /^\/(v1\.0|beta)\//.test(path),
    names: () => (options.names === 'public' ? ['graph.microsoft.com'] : []),
    async handle(request, response) {
      const id = randomUUID();
      const headers = { 'content-type': 'application/json; charset=utf-8', 'request-id': id };
      try {
        const body = await answer(request);
        response.writeHead(200, headers).end(JSON.stringify(body));
      } catch (error) {
        if (!(error instanceof ArmError)) throw error;
        const inner = { date: new Date().toISOString().slice(0, 19), 'request-id': id, 'client-request-id': id };
        response
          .writeHead(error.status, { ...headers, ...error.headers })
          .end(JSON.stringify({ error: { code: error.code, message: error.message, innerError: inner } }));
      }
    },
  };
}

/** The filters that clients look service principals up by. @throws ArmError for any other */
function principalFilter(filter: string | null): (principal: Principal) => boolean {
  if (filter === null) return () => true;
  const forms: readonly (readonly [RegExp, (principal: Principal, value: string) => boolean])[] = [
    [/^servicePrincipalNames\/any\((\w+): ?\1 eq '([^']*)'\)$/, ({ appId }, value) => appId === value.toLowerCase()],
    [/^(appId) eq '([^']*)'$/, ({ appId }, value) => appId === value.toLowerCase()],
    [/^(id) eq '([^']*)'$/, ({ id }, value) => id === value.toLowerCase()],
    [/^(displayName) eq '([^']*)'$/, ({ displayName }, value) => displayName === value],
    [/^(startswith)\(displayName, ?'([^']*)'\)$/, ({ displayName }, value) => displayName.startsWith(value)],
    [/^(servicePrincipalType) eq '([^']*)'$/, (principal, value) => principal.servicePrincipalType === value],
    // An application's own address; none here has one.
    [/^identifierUris\/any\((\w+): ?\1 eq '([^']*)'\)$/, () => false],
  ];
  for (const [form, test] of forms) {
    const match = form.exec(filter.trim());
    if (match !== null) return (principal) => test(principal, match[2]!);
  }
  throw graphInvalidFilter(filter);
}

const shownApplication = (principal: Principal): JsonObject => ({
  id: principal.id,
  appId: principal.appId,
  displayName: principal.displayName,
  identifierUris: [],
  signInAudience: 'AzureADMyOrg',
});
