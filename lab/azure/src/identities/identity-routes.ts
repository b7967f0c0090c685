import { identityInvalid } from '../errors/identity-errors.ts';
import { invalidRequestContent } from '../errors/request-errors.ts';
import { locationRequired, resourceNotFound } from '../errors/resource-errors.ts';
import type { Principals } from '../entra/principals.ts';
import { tagsOf } from '../resources/group-routes.ts';
import { normalLocation } from '../resources/locations.ts';
import type { JsonObject, Resource, Store } from '../store/store.ts';
import type { ArmRequest, ArmRoute } from '../wire/service.ts';
import { federatedCredentialRoutes, identityPath } from './federated-credentials.ts';

const type = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const action = (verb: string): string => `${type}/${verb}`;

const apiVersions = [
  '2018-11-30',
  '2022-01-31-preview',
  '2023-01-31',
  '2024-11-30',
  '2025-01-31-preview',
  '2025-05-31-preview',
];

/** User-assigned managed identities; each is a service principal of the directory too. */
export function identityRoutes(store: Store, principals: Principals, tenantId: string): ArmRoute[] {
  function existing({ path, parameters }: ArmRequest): Resource {
    const identity = store.get(path);
    if (identity === undefined) throw resourceNotFound(`${type}/${parameters['name']}`, parameters['group']!);
    return identity;
  }

  const list = (prefix: string): JsonObject => ({
    value: store.list(prefix, type).map((identity) => ({ ...identity })),
  });

  return [
    {
      method: 'PUT',
      path: identityPath,
      action: action('write'),
      apiVersions,
      handle(request) {
        const { body, parameters } = request;
        const name = parameters['name']!;
        if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$/.test(name))
          throw identityInvalid(`The name '${name}' must have 3 to 128 letters, digits, dashes and underscores.`);
        if (body === undefined) throw invalidRequestContent('the body is missing');
        if (typeof body['location'] !== 'string') throw locationRequired();
        const location = normalLocation(body['location']);
        if (location === undefined) throw identityInvalid(`The location '${body['location']}' is not available.`);
        const before = store.get(request.path);
        if (before !== undefined && before.location !== location)
          throw identityInvalid(`The resource '${name}' already exists in location '${before.location}'.`);
        const identity = before ?? createIdentity(store, principals, tenantId, request.path, location);
        const tagged = { ...identity, ...tagsOf(body) };
        store.put(tagged);
        return { status: before === undefined ? 201 : 200, body: { ...tagged } };
      },
    },
    {
      method: 'PATCH',
      path: identityPath,
      action: action('write'),
      apiVersions,
      handle(request) {
        const identity = { ...existing(request), ...tagsOf(request.body ?? {}) };
        store.put(identity);
        return { status: 200, body: { ...identity } };
      },
    },
    {
      method: 'GET',
      path: identityPath,
      action: action('read'),
      apiVersions,
      handle: (request) => ({ status: 200, body: { ...existing(request) } }),
    },
    {
      method: 'DELETE',
      path: identityPath,
      action: action('delete'),
      apiVersions,
      handle(request) {
        const identity = store.get(request.path);
        if (identity === undefined) return { status: 204 };
        for (const { id } of store.list(identity.id)) store.delete(id);
        store.delete(identity.id);
        principals.delete(String(identity.properties['principalId']));
        return { status: 200 };
      },
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities',
      action: action('read'),
      apiVersions,
      handle: ({ parameters }) => ({
        status: 200,
        body: list(`/subscriptions/${parameters['subscriptionId']}/resourceGroups/${parameters['group']}`),
      }),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities',
      action: action('read'),
      apiVersions,
      handle: ({ parameters }) => ({ status: 200, body: list(`/subscriptions/${parameters['subscriptionId']}`) }),
    },
    ...federatedCredentialRoutes(store, apiVersions),
  ];
}

/** Makes an identity and its principal, and stores it. @param id its resource id */
export function createIdentity(
  store: Store,
  principals: Principals,
  tenantId: string,
  id: string,
  location: string,
): Resource {
  const name = id.split('/').at(-1)!;
  const principal = principals.create({
    displayName: name,
    servicePrincipalType: 'ManagedIdentity',
    alternativeId: id,
  });
  const identity: Resource = {
    id,
    name,
    type,
    location,
    tags: {},
    properties: { tenantId, principalId: principal.id, clientId: principal.appId, isolationScope: 'None' },
  };
  store.put(identity);
  return identity;
}
