import { invalidRequestContent, invalidParameter } from '../errors/request-errors.ts';
import type { RegistryContent } from '../registry/content.ts';
import type { JsonObject, Resource } from '../store/store.ts';
import type { ArmAnswer, ArmRequest, ArmRoute, Emulator } from '../wire/service.ts';
import type { AdminUsers } from './admin-user.ts';
import { existing, provider, registriesPath, registryPath, registryRoute, subscriptionPath } from './arm-routes.ts';
import {
  adminUserDisabled,
  invalidNameText,
  invalidRegistryName,
  locationChange,
  nameInUse,
  nameInUseText,
} from './errors.ts';
import { publicHost, type Registry, registryNamed, registryOf, registryType, validName } from './registries.ts';
import { registryFrom, type Sku } from './registry-resource.ts';
import { tokenType } from './registry-tokens.ts';
import { scopeMapType } from './scope-maps.ts';

export interface RouteParts {
  readonly emulator: Emulator;
  readonly adminUsers: AdminUsers;
  readonly contentOf: (registry: Registry) => RegistryContent;
  /** Makes a login server answer for a new registry, and tells its name. */
  readonly openLoginServer: (name: string) => Promise<string>;
}

/** Included storage, webhooks, and tokens of each tier (https://aka.ms/acr/tiers). */
const limits: Readonly<Record<Sku, { readonly gib: number; readonly webhooks: number; readonly tokens: number }>> = {
  Basic: { gib: 10, webhooks: 2, tokens: 100 },
  Standard: { gib: 100, webhooks: 10, tokens: 500 },
  Premium: { gib: 500, webhooks: 500, tokens: 50_000 },
};

const count = (name: string, limit: number, currentValue: number): JsonObject => ({
  name,
  limit,
  currentValue,
  unit: 'Count',
});

/** What Resource Manager does with registries, except to import images. */
export function registryRoutes(parts: RouteParts): ArmRoute[] {
  const { emulator, adminUsers } = parts;
  const { store } = emulator;
  const listed = (prefix: string): ArmAnswer => ({
    status: 200,
    body: { value: shownAll(store.list(prefix, registryType)) },
  });

  return [
    registryRoute(
      'POST',
      `${subscriptionPath}/providers/${provider}/checkNameAvailability`,
      'checkNameAvailability/read',
      (request) => ({
        status: 200,
        body: availability(emulator, request.body ?? {}),
      }),
    ),
    registryRoute('GET', `${subscriptionPath}/providers/${registryType}`, 'registries/read', ({ parameters }) =>
      listed(`/subscriptions/${parameters['subscriptionId']}`),
    ),
    registryRoute('GET', registriesPath, 'registries/read', ({ parameters }) =>
      listed(`/subscriptions/${parameters['subscriptionId']}/resourceGroups/${parameters['resourceGroupName']}`),
    ),
    registryRoute('GET', registryPath, 'registries/read', (request) => ({
      status: 200,
      body: shown(existing(emulator, request)),
    })),
    registryRoute('PUT', registryPath, 'registries/write', async (request) => await put(parts, request)),
    registryRoute('PATCH', registryPath, 'registries/write', (request) => {
      const old = existing(emulator, request);
      const changed = changedRegistry(request, old);
      store.put(changed);
      return { status: 200, body: shown(changed) };
    }),
    registryRoute('DELETE', registryPath, 'registries/delete', (request) => remove(emulator, request)),
    registryRoute('POST', `${registryPath}/listCredentials`, 'registries/listCredentials/action', (request) => ({
      status: 200,
      body: credentials(adminUsers, adminRegistry(emulator, request)),
    })),
    registryRoute(
      'POST',
      `${registryPath}/regenerateCredential`,
      'registries/regenerateCredential/action',
      (request) => {
        const registry = adminRegistry(emulator, request);
        const name = request.body?.['name'];
        if (name !== 'password' && name !== 'password2')
          throw invalidParameter('name', "It is 'password' or 'password2'.");
        adminUsers.regenerate(registry, name);
        return { status: 200, body: credentials(adminUsers, registry) };
      },
    ),
    registryRoute('GET', `${registryPath}/listUsages`, 'registries/listUsages/read', async (request) => {
      const resource = existing(emulator, request);
      const limit = limits[resource.sku?.['name'] as Sku];
      const bytes = await parts.contentOf(registryOf(resource)).bytes();
      return {
        status: 200,
        body: {
          value: [
            { name: 'Size', limit: limit.gib * 2 ** 30, currentValue: bytes, unit: 'Bytes' },
            count('Webhooks', limit.webhooks, 0),
            count('ScopeMaps', limit.tokens, store.list(resource.id, scopeMapType).length),
            count('Tokens', limit.tokens, store.list(resource.id, tokenType).length),
          ],
        },
      };
    }),
  ];
}

async function put({ emulator, openLoginServer }: RouteParts, request: ArmRequest): Promise<ArmAnswer> {
  const { store, operations, clock } = emulator;
  const { registryName: name = '', subscriptionId = '' } = request.parameters;
  if (!validName(name)) throw invalidRegistryName(name);
  const old = store.get(request.path);
  const taken = registryNamed(store, name);
  if (old === undefined && taken !== undefined) throw nameInUse(publicHost(name));
  const made =
    old === undefined
      ? {
          id: request.path,
          name,
          type: registryType,
          creationDate: clock.now().toISOString(),
          loginServer: publicHost(name),
        }
      : settled(old);
  const wanted = old === undefined ? registryFrom(request.body ?? {}, old, made) : changedRegistry(request, old);
  const loginServer = old === undefined ? await openLoginServer(name) : made.loginServer;
  const provisioningState = old === undefined ? 'Creating' : 'Updating';
  const resource = { ...wanted, properties: { ...wanted.properties, loginServer, provisioningState } };
  store.put(resource);
  const operation = operations.begin({
    kind: putRegistry,
    subscriptionId,
    location: resource.location ?? '',
    provider,
    resourceId: resource.id,
    input: {},
    followedBy: 'azure-async-operation',
  });
  return { status: old === undefined ? 201 : 200, body: shown(resource), operation };
}

/** The operations of this part. */
export const putRegistry = 'acr/put-registry';
export const deleteRegistry = 'acr/delete-registry';

function remove({ store, operations }: Emulator, { path, parameters }: ArmRequest): ArmAnswer {
  const resource = store.get(path);
  if (resource === undefined) return { status: 204 };
  store.put({ ...resource, properties: { ...resource.properties, provisioningState: 'Deleting' } });
  const operation = operations.begin({
    kind: deleteRegistry,
    subscriptionId: parameters['subscriptionId'] ?? '',
    location: resource.location ?? '',
    provider,
    resourceId: resource.id,
    input: {},
    followedBy: 'location',
  });
  return { status: 202, operation };
}

function availability({ store }: Emulator, body: JsonObject): JsonObject {
  const { name, type } = body;
  if (typeof name !== 'string') throw invalidRequestContent("Required property 'name' not found in JSON.");
  if (typeof type !== 'string' || type.toLowerCase() !== registryType.toLowerCase()) {
    throw invalidParameter('type', `It is '${registryType}'.`);
  }
  if (!validName(name)) return { nameAvailable: false, reason: 'Invalid', message: invalidNameText(name) };
  if (registryNamed(store, name) === undefined) return { nameAvailable: true };
  return { nameAvailable: false, reason: 'AlreadyExists', message: nameInUseText(publicHost(name)) };
}

function adminRegistry(emulator: Emulator, request: ArmRequest): Registry {
  const registry = registryOf(existing(emulator, request));
  if (!registry.adminUserEnabled) throw adminUserDisabled(registry.id);
  return registry;
}

function credentials(adminUsers: AdminUsers, registry: Registry): JsonObject {
  const passwords = Object.entries(adminUsers.passwords(registry)).map(([name, value]) => ({
    name,
    value: value as string,
  }));
  return { username: registry.name, passwords };
}

/** @throws ArmError where it would move */
function changedRegistry(request: ArmRequest, old: Resource): Resource {
  const wanted = registryFrom(request.body ?? {}, old, settled(old));
  if (old.location === wanted.location) return wanted;
  throw locationChange(old.id, old.location ?? '', wanted.location ?? '');
}

function settled({ id, name, type, properties }: Resource): Parameters<typeof registryFrom>[2] {
  const { creationDate, loginServer } = properties;
  return { id, name, type, creationDate: String(creationDate), loginServer: String(loginServer) };
}

const shownAll = (resources: readonly Resource[]): JsonObject[] => resources.map(shown);

/** As a GET shows it. */
function shown(resource: Resource): JsonObject {
  return { ...resource };
}
