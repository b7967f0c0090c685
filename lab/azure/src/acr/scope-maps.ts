import { invalidParameter, invalidRequestContent } from '../errors/request-errors.ts';
import { resourceNotFound } from '../errors/resource-errors.ts';
import type { JsonObject, Resource } from '../store/store.ts';
import type { ArmRequest, ArmRoute, Emulator } from '../wire/service.ts';
import { isRepositoryName, type RepositoryAction } from './access.ts';
import { existing, registryPath, registryRoute } from './arm-routes.ts';
import { systemScopeMap } from './errors.ts';
import { registryType } from './registries.ts';

export const scopeMapType = `${registryType}/scopeMaps`;

/** What the actions of a scope map allow. */
const actions: Readonly<Record<string, RepositoryAction>> = {
  'content/read': 'pull',
  'content/write': 'push',
  'content/delete': 'delete',
  'metadata/read': 'metadata_read',
  'metadata/write': 'metadata_write',
};

/** Scope maps that every registry has (https://aka.ms/acr/repository-permissions). */
const system: Readonly<Record<string, readonly string[]>> = {
  _repositories_admin: Object.keys(actions),
  _repositories_pull: ['content/read'],
  _repositories_pull_metadata_read: ['content/read', 'metadata/read'],
  _repositories_push: ['content/read', 'content/write'],
  _repositories_push_metadata_write: ['content/read', 'content/write', 'metadata/read', 'metadata/write'],
};

/** `repositories/team/*\/content/read`: the repository, which may hold or be `*`, and the action. */
const actionPattern = /^repositories\/(.+)\/((?:content|metadata)\/(?:read|write|delete))$/;

/** Whether a scope map's actions allow something with a repository. */
export function permits(map: Resource | undefined, repository: string, wanted: string): boolean {
  const given = (map?.properties['actions'] ?? []) as readonly string[];
  return given.some((text) => {
    const [, name = '', action = ''] = actionPattern.exec(text) ?? [];
    return actions[action] === wanted && matches(name, repository);
  });
}

function matches(pattern: string, repository: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(repository);
}

/** A scope map of a registry, the system's own included. */
export function findScopeMap({ store }: Pick<Emulator, 'store'>, id: string): Resource | undefined {
  const held = store.get(id);
  if (held !== undefined) return held.type === scopeMapType ? held : undefined;
  const [, registryId = '', name = ''] = /^(.+)\/scopeMaps\/([^/]+)$/i.exec(id) ?? [];
  const registry = store.get(registryId);
  return registry?.type === registryType ? systemMap(registry, name) : undefined;
}

function systemMap(registry: Resource, name: string): Resource | undefined {
  const given = Object.hasOwn(system, name) ? system[name] : undefined;
  return (
    given &&
    scopeMap(
      registry,
      name,
      given.map((action) => `repositories/*/${action}`),
      'SystemDefined',
      {},
    )
  );
}

function scopeMap(
  registry: Resource,
  name: string,
  given: readonly string[],
  type: 'UserDefined' | 'SystemDefined',
  more: JsonObject,
): Resource {
  const properties = { type, provisioningState: 'Succeeded', actions: given, ...more };
  return { id: `${registry.id}/scopeMaps/${name}`, name, type: scopeMapType, properties };
}

/** Resource Manager's calls for scope maps. */
export function scopeMapRoutes(emulator: Emulator): ArmRoute[] {
  const { store, clock } = emulator;
  const path = `${registryPath}/scopeMaps/{scopeMapName}`;
  const route = (
    method: ArmRoute['method'],
    at: string,
    verb: string,
    handle: (request: ArmRequest, registry: Resource, name: string) => ReturnType<ArmRoute['handle']>,
  ): ArmRoute =>
    registryRoute(method, at, `registries/scopeMaps/${verb}`, (request) =>
      handle(request, existing(emulator, request), request.parameters['scopeMapName'] ?? ''),
    );
  const found = (registry: Resource, name: string): Resource => {
    const map = findScopeMap(emulator, `${registry.id}/scopeMaps/${name}`);
    if (map === undefined) {
      throw resourceNotFound(`${registryType}/${registry.name}/scopeMaps/${name}`, registry.id.split('/')[4] ?? '');
    }
    return map;
  };
  const write = (request: ArmRequest, registry: Resource, name: string, old: Resource | undefined) => {
    checkOwn(name);
    const given = {
      ...(old?.properties ?? { creationDate: clock.now().toISOString() }),
      ...readBody(request.body ?? {}),
    };
    const map = scopeMap(registry, name, readActions(given['actions']), 'UserDefined', {
      ...given,
      provisioningState: 'Succeeded',
    });
    store.put(map);
    return { status: old === undefined ? 201 : 200, body: { ...map } };
  };

  return [
    route('GET', `${registryPath}/scopeMaps`, 'read', (_, registry) => {
      const all = [
        ...Object.keys(system).map((name) => found(registry, name)),
        ...store.list(registry.id, scopeMapType),
      ];
      return { status: 200, body: { value: all.map((map) => ({ ...map })) } };
    }),
    route('GET', path, 'read', (_, registry, name) => ({ status: 200, body: { ...found(registry, name) } })),
    route('PUT', path, 'write', (request, registry, name) =>
      write(request, registry, name, store.get(`${registry.id}/scopeMaps/${name}`)),
    ),
    route('PATCH', path, 'write', (request, registry, name) => write(request, registry, name, found(registry, name))),
    route('DELETE', path, 'delete', (_, registry, name) => {
      checkOwn(name);
      const id = `${registry.id}/scopeMaps/${name}`;
      const there = store.get(id) !== undefined;
      store.delete(id);
      return { status: there ? 200 : 204 };
    }),
  ];
}

/** @throws ArmError where the name is none, or the system's */
function checkOwn(name: string): void {
  if (Object.hasOwn(system, name)) throw systemScopeMap(name);
  if (/^[a-zA-Z0-9-_]{5,50}$/.test(name)) return;
  throw invalidParameter('scopeMapName', 'It has 5 to 50 letters, digits, - and _.');
}

function readBody({ properties, ...rest }: JsonObject): JsonObject {
  const unknown = Object.keys(rest).find((key) => !['id', 'name', 'type', 'systemData'].includes(key));
  const given = (properties ?? {}) as JsonObject;
  const { description, actions: listed, ...others } = given;
  const unknownProperty = Object.keys(others).find(
    (key) => !['creationDate', 'provisioningState', 'type'].includes(key),
  );
  const stranger = unknown ?? unknownProperty;
  if (stranger !== undefined) {
    throw invalidRequestContent(`Could not find member '${stranger}' on object of type 'ScopeMapDefinition'.`);
  }
  if (description != null && typeof description !== 'string') throw invalidParameter('description', 'It is a text.');
  return { ...(description != null && { description }), ...(listed != null && { actions: listed }) };
}

function isAction(text: unknown): boolean {
  const [, name, action = ''] = (typeof text === 'string' && actionPattern.exec(text)) || [];
  return name !== undefined && Object.hasOwn(actions, action) && isRepositoryName(name.replaceAll('*', 'x'));
}

function readActions(given: JsonObject[string]): string[] {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [];
  const wrong = texts.find((text) => !isAction(text));
  if (texts.length > 0 && wrong === undefined) return [...new Set(texts as string[])];
  const why = wrong === undefined ? 'There is none' : `'${String(wrong)}' is none`;
  const known = Object.keys(actions).join(', ');
  throw invalidParameter('properties.actions', `${why}: an action is 'repositories/NAME/' with one of ${known}.`);
}
