import type { Authorization } from '../authorization/authorization.ts';
import { invalidParameter } from '../errors/request-errors.ts';
import type { JsonObject, Resource, Store } from '../store/store.ts';
import { readPath } from '../wire/resource-path.ts';
import type { ArmRequest, ArmRoute } from '../wire/service.ts';
import { readEquals } from './filter.ts';
import { normalLocation } from './locations.ts';
import { resourceVersions } from './versions.ts';

const query = ['$filter', '$top', '$expand'];

/** A resource in a list: without its properties. */
function shown(resource: Resource): JsonObject {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => name !== 'properties'));
}

/** Whether a resource is one of its own, not a part of another. */
export function isTopLevel({ id }: Resource): boolean {
  const { namespace, rest } = readPath(id);
  return namespace !== undefined && rest.length === 2;
}

/** Lists of resources: those that the caller may read. */
export function listingRoutes(store: Store, authorization: Authorization): ArmRoute[] {
  const list = (prefix: string, request: ArmRequest): readonly JsonObject[] => {
    const top = request.query.get('$top');
    if (top !== null && !/^[1-9]\d*$/.test(top)) throw invalidParameter('$top', 'It must be a positive whole number.');
    return store
      .list(prefix)
      .filter(isTopLevel)
      .filter(matches(request.query.get('$filter') ?? ''))
      .filter(({ id, type }) => authorization.allows(request.callerId, id, `${type}/read`))
      .slice(0, top === null ? undefined : Number(top))
      .map(shown);
  };
  return [
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/resources',
      action: undefined,
      apiVersions: resourceVersions,
      query,
      handle: (request) => ({
        status: 200,
        body: { value: list(`/subscriptions/${request.parameters['subscriptionId']}`, request) },
      }),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/resourceGroups/{group}/resources',
      action: 'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
      apiVersions: resourceVersions,
      query,
      handle: (request) => ({
        status: 200,
        body: {
          value: list(
            `/subscriptions/${request.parameters['subscriptionId']}/resourceGroups/${request.parameters['group']}`,
            request,
          ),
        },
      }),
    },
  ];
}

const names = ['resourceType', 'name', 'resourceGroup', 'location', 'tagName', 'tagValue'];

const same = (a: string | undefined, b: string | undefined): boolean =>
  b === undefined || a?.toLowerCase() === b.toLowerCase();

function matches(filter: string): (resource: Resource) => boolean {
  const wanted = readEquals(filter, names);
  const location = wanted.get('location');
  const tag = wanted.get('tagName');
  return (resource) =>
    same(resource.type, wanted.get('resourceType')) &&
    same(resource.name, wanted.get('name')) &&
    same(readPath(resource.id).resourceGroup, wanted.get('resourceGroup')) &&
    same(resource.location, location === undefined ? undefined : (normalLocation(location) ?? location)) &&
    (tag === undefined || resource.tags?.[tag] !== undefined) &&
    (tag === undefined || wanted.get('tagValue') === undefined || resource.tags?.[tag] === wanted.get('tagValue'));
}
