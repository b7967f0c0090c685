import { invalidResourceNamespace } from '../errors/request-errors.ts';
import type { JsonObject } from '../store/store.ts';
import { readPath, typeOf } from '../wire/resource-path.ts';
import type { ArmRoute } from '../wire/service.ts';
import { locations } from './locations.ts';
import { resourceVersions as apiVersions } from './versions.ts';

const action = (verb: string): string => `Microsoft.Resources/subscriptions/providers/${verb}`;

/** Namespaces that have routes, each with all versions that its routes know; Resource Manager's own is among them. */
export function namespacesOf(routes: readonly ArmRoute[]): Map<string, readonly string[]> {
  const versions = new Map<string, Set<string>>([['Microsoft.Resources', new Set(apiVersions)]]);
  for (const route of routes) {
    const { namespace } = readPath(route.path);
    if (namespace === undefined || namespace.startsWith('{')) continue;
    const known = versions.get(namespace) ?? new Set();
    versions.set(namespace, known);
    for (const version of route.apiVersions) known.add(version);
  }
  return new Map([...versions].map(([namespace, known]) => [namespace, [...known]]));
}

/** Resource providers: all are registered; their types are those that have routes. */
export function providerRoutes(routes: readonly ArmRoute[]): ArmRoute[] {
  const types = new Map<string, Map<string, Set<string>>>();
  for (const route of routes) {
    const { namespace, rest } = readPath(route.path);
    if (namespace === undefined || namespace.startsWith('{') || rest.length === 0 || rest[1]?.startsWith('{') === false)
      continue;
    const ofNamespace = types.get(namespace) ?? new Map<string, Set<string>>();
    types.set(namespace, ofNamespace);
    const type = typeOf(rest);
    const versions = ofNamespace.get(type) ?? new Set();
    ofNamespace.set(type, versions);
    for (const version of route.apiVersions) versions.add(version);
  }
  const shown = (subscription: string, namespace: string): JsonObject => {
    const name = [...types.keys()].find((each) => each.toLowerCase() === namespace.toLowerCase());
    if (name === undefined) throw invalidResourceNamespace(namespace);
    return {
      id: `/subscriptions/${subscription}/providers/${name}`,
      namespace: name,
      resourceTypes: [...types.get(name)!].map(([resourceType, versions]) => ({
        resourceType,
        locations: locations.map(({ displayName }) => displayName),
        apiVersions: [...versions].toSorted().toReversed(),
        capabilities: 'None',
      })),
      registrationState: 'Registered',
      registrationPolicy: 'RegistrationRequired',
    };
  };
  return [
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/providers',
      action: action('read'),
      apiVersions,
      query: ['$expand', '$top'],
      handle: ({ parameters }) => ({
        status: 200,
        body: { value: [...types.keys()].map((name) => shown(parameters['subscriptionId']!, name)) },
      }),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/providers/{namespace}',
      action: action('read'),
      apiVersions,
      query: ['$expand'],
      handle: ({ parameters }) => ({
        status: 200,
        body: shown(parameters['subscriptionId']!, parameters['namespace']!),
      }),
    },
    {
      method: 'POST',
      path: '/subscriptions/{subscriptionId}/providers/{namespace}/register',
      action: action('register/action'),
      apiVersions: [...apiVersions, '2016-02-01'],
      handle: ({ parameters }) => ({
        status: 200,
        body: shown(parameters['subscriptionId']!, parameters['namespace']!),
      }),
    },
  ];
}
