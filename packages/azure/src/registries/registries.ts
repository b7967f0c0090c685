import { apiVersions } from '../arm/api-versions.ts';
import { armPath } from '../arm/path.ts';
import type { ResourceManager } from '../arm/resource-manager.ts';
import type { Rights } from '../authorization/rights.ts';
import type { Call } from '../call.ts';
import { absent } from '../errors/absent.ts';
import { objectOf, textOf } from '../json.ts';

/** An Azure Container Registry. */
export interface Registry {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  /** E.g. `name.azurecr.io`. */
  readonly loginServer: string;
  /** `Basic`, `Standard` or `Premium`. */
  readonly sku: string;
  readonly adminUserEnabled: boolean;
  /** Rights are given by repository (attribute-based access control), where AcrPull says nothing. */
  readonly rightsByRepository: boolean;
}

export interface Registries {
  /** Undefined: there is none. @throws AzureError */
  get(resourceGroup: string, name: string, call?: Call): Promise<Registry | undefined>;
  /** Of the whole subscription. @throws AzureError */
  list(call?: Call): Promise<readonly Registry[]>;
}

export function createRegistries(resourceManager: ResourceManager, subscriptionId: string): Registries {
  const apiVersion = apiVersions.containerRegistry;
  const type = ['providers', 'Microsoft.ContainerRegistry', 'registries'] as const;
  return {
    get: (resourceGroup, name, call) =>
      absent(async () => {
        const path = armPath('subscriptions', subscriptionId, 'resourceGroups', resourceGroup, ...type, name);
        return registryOf((await resourceManager.send({ method: 'GET', path, apiVersion, ...call })).body);
      }),
    async list(call) {
      const path = armPath('subscriptions', subscriptionId, ...type);
      return (await resourceManager.list({ path, apiVersion, ...call })).map(registryOf);
    },
  };
}

/** The role that lets pull from a registry, by the name Azure gives it. */
export function pullRole(registry: Pick<Registry, 'rightsByRepository'>): string {
  return registry.rightsByRepository ? 'Container Registry Repository Reader' : 'AcrPull';
}

/** Whether rights at a registry suffice to pull images of every repository. Conditions of an assignment are not looked at. */
export function mayPull(registry: Pick<Registry, 'rightsByRepository'>, rights: Rights): boolean {
  return registry.rightsByRepository
    ? rights.allows('Microsoft.ContainerRegistry/registries/repositories/content/read', { data: true })
    : rights.allows('Microsoft.ContainerRegistry/registries/pull/read');
}

function registryOf(body: unknown): Registry {
  const registry = objectOf(body) ?? {};
  const properties = objectOf(registry['properties']) ?? {};
  return {
    id: textOf(registry['id']) ?? '',
    name: textOf(registry['name']) ?? '',
    location: textOf(registry['location']) ?? '',
    loginServer: textOf(properties['loginServer']) ?? '',
    sku: textOf(objectOf(registry['sku'])?.['name']) ?? '',
    adminUserEnabled: properties['adminUserEnabled'] === true,
    rightsByRepository: properties['roleAssignmentMode'] === 'AbacRepositoryPermissions',
  };
}
