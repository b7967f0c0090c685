import { invalidParameter, invalidRequestContent } from '../errors/request-errors.ts';
import {
  invalidResourceGroupLocation,
  invalidResourceGroupName,
  locationNotAvailable,
  locationRequired,
  resourceGroupBeingDeleted,
  resourceGroupNotFound,
} from '../errors/resource-errors.ts';
import type { Roles } from '../authorization/enforce.ts';
import type { Operations } from '../operations/operations.ts';
import type { JsonObject, Resource, Store } from '../store/store.ts';
import type { ArmRequest, ArmRoute } from '../wire/service.ts';
import { readEquals } from './filter.ts';
import { isTopLevel } from './listing.ts';
import { locations, normalLocation } from './locations.ts';
import { resourceVersions as apiVersions } from './versions.ts';

const type = 'Microsoft.Resources/resourceGroups';
const action = (verb: string): string => `Microsoft.Resources/subscriptions/resourceGroups/${verb}`;
const path = '/subscriptions/{subscriptionId}/resourceGroups/{group}';

export interface GroupOptions {
  readonly store: Store;
  readonly operations: Operations;
  readonly roles: Roles;
  /** Deletes a resource as its own DELETE does, and waits until it is gone. */
  readonly deleteResource: (id: string, signal: AbortSignal) => Promise<void>;
}

const idOf = ({ parameters }: ArmRequest): string =>
  `/subscriptions/${parameters['subscriptionId']}/resourceGroups/${parameters['group']}`;

const shown = (group: Resource): JsonObject => ({ ...group });

/** Resource groups. Deleting one deletes what is in it. */
export function groupRoutes({ store, operations, roles, deleteResource }: GroupOptions): ArmRoute[] {
  operations.worker('resources/delete-group', async ({ resourceId }, signal) => {
    for (;;) {
      const next = store.list(resourceId).find(isTopLevel);
      if (next === undefined) break;
      await deleteResource(next.id, signal);
      if (signal.aborted) return;
    }
    for (const { id } of store.list(resourceId)) store.delete(id);
    store.delete(resourceId);
  });

  function existing(request: ArmRequest): Resource {
    const group = store.get(idOf(request));
    if (group === undefined) throw resourceGroupNotFound(request.parameters['group']!);
    return group;
  }

  return [
    {
      method: 'PUT',
      path,
      action: action('write'),
      apiVersions,
      handle(request) {
        const name = request.parameters['group']!;
        if (!/^[\p{L}\p{N}_().-]{1,90}$/u.test(name) || name.endsWith('.')) throw invalidResourceGroupName(name);
        const body = readGroup(request.body);
        if (typeof body['location'] !== 'string') throw locationRequired();
        const location = normalLocation(body['location']);
        if (location === undefined)
          throw locationNotAvailable(
            body['location'],
            locations.map((each) => each.name),
          );
        const before = store.get(idOf(request));
        if (before?.properties['provisioningState'] === 'Deleting') throw resourceGroupBeingDeleted(name);
        if (before !== undefined && before.location !== location)
          throw invalidResourceGroupLocation(before.location ?? '', location);
        const group: Resource = {
          id: before?.id ?? idOf(request),
          name: before?.name ?? name,
          type,
          location,
          ...tagsOf(body),
          ...(typeof body['managedBy'] === 'string' && { managedBy: body['managedBy'] }),
          properties: { provisioningState: 'Succeeded' },
        };
        store.put(group);
        return { status: before === undefined ? 201 : 200, body: shown(group) };
      },
    },
    {
      method: 'PATCH',
      path,
      action: action('write'),
      apiVersions,
      handle(request) {
        const group = { ...existing(request), ...tagsOf(readGroup(request.body)) };
        store.put(group);
        return { status: 200, body: shown(group) };
      },
    },
    {
      method: 'GET',
      path,
      action: action('read'),
      apiVersions,
      handle: (request) => ({ status: 200, body: shown(existing(request)) }),
    },
    {
      method: 'HEAD',
      path,
      action: action('read'),
      apiVersions,
      handle: (request) => ({ status: store.get(idOf(request)) === undefined ? 404 : 204 }),
    },
    {
      method: 'DELETE',
      path,
      action: action('delete'),
      apiVersions,
      query: ['forceDeletionTypes'],
      handle(request) {
        const group = existing(request);
        const running = operations.underWay(group.id).find(({ kind }) => kind === 'resources/delete-group');
        store.put({ ...group, properties: { ...group.properties, provisioningState: 'Deleting' } });
        const operation =
          running ??
          operations.begin({
            kind: 'resources/delete-group',
            subscriptionId: request.parameters['subscriptionId']!,
            location: group.location ?? '',
            provider: 'Microsoft.Resources',
            resourceId: group.id,
            input: {},
            followedBy: 'location',
          });
        return { status: 202, operation };
      },
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/resourceGroups',
      action: undefined,
      apiVersions,
      query: ['$filter', '$top'],
      handle({ parameters, query, callerId }) {
        const wanted = readEquals(query.get('$filter') ?? '', ['tagName', 'tagValue']);
        const tag = wanted.get('tagName');
        const value = store
          .list(`/subscriptions/${parameters['subscriptionId']}`, type)
          .filter(({ id }) => roles.allows(callerId, id, action('read')))
          .filter(({ tags }) => tag === undefined || tags?.[tag] !== undefined)
          .filter(({ tags }) => tag === undefined || !wanted.has('tagValue') || tags?.[tag] === wanted.get('tagValue'))
          .map(shown);
        return { status: 200, body: { value } };
      },
    },
  ];
}

const fields = new Set(['location', 'tags', 'managedBy', 'properties', 'id', 'name', 'type']);

function readGroup(body: JsonObject | undefined): JsonObject {
  if (body === undefined) throw invalidRequestContent('the body is missing');
  const unknown = Object.keys(body).find((name) => !fields.has(name));
  if (unknown !== undefined)
    throw invalidRequestContent(`Could not find member '${unknown}' on object of type 'ResourceGroupDefinition'`);
  return body;
}

/** @throws ArmError where tags are no texts */
export function tagsOf(body: JsonObject): { readonly tags?: JsonObject } {
  const { tags } = body;
  if (tags === undefined || tags === null) return {};
  if (typeof tags !== 'object' || Array.isArray(tags) || Object.values(tags).some((value) => typeof value !== 'string'))
    throw invalidParameter('tags', 'Tags are pairs of texts.');
  return { tags: tags as JsonObject };
}
