import { apiVersions } from '../arm/api-versions.ts';
import { armPath } from '../arm/path.ts';
import type { ResourceManager } from '../arm/resource-manager.ts';
import type { Call } from '../call.ts';
import { absent } from '../errors/absent.ts';
import { objectOf, textOf } from '../json.ts';

export interface ResourceGroup {
  readonly id: string;
  readonly name: string;
  readonly location: string;
}

export interface ResourceGroups {
  /** Undefined: there is none. @throws AzureError */
  get(name: string, call?: Call): Promise<ResourceGroup | undefined>;
}

export function createResourceGroups(resourceManager: ResourceManager, subscriptionId: string): ResourceGroups {
  return {
    get: (name, call) =>
      absent(async () => {
        const path = armPath('subscriptions', subscriptionId, 'resourceGroups', name);
        const { body } = await resourceManager.send({
          method: 'GET',
          path,
          apiVersion: apiVersions.resources,
          ...call,
        });
        const group = objectOf(body) ?? {};
        return {
          id: textOf(group['id']) ?? path,
          name: textOf(group['name']) ?? name,
          location: textOf(group['location']) ?? '',
        };
      }),
  };
}
