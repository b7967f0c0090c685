import type { Json, Resource, Store } from '../store/store.ts';
import type { NetworkRules } from './firewall.ts';

export const registryType = 'Microsoft.ContainerRegistry/registries';

/** The suffix of public login servers. */
export const suffix = '.azurecr.io';

/** A registry's name: 5 to 50 letters and digits (Azure's naming rules). */
export const validName = (name: string): boolean => /^[a-zA-Z0-9]{5,50}$/.test(name);

/** The host name that a registry has in the cloud, whatever its login server here. */
export const publicHost = (name: string): string => `${name.toLowerCase()}${suffix}`;

/** A registry as its own interface sees it. */
export interface Registry {
  /** As first written. */
  readonly id: string;
  readonly name: string;
  /** Host, with a port where that is what tells. */
  readonly loginServer: string;
  readonly adminUserEnabled: boolean;
  readonly anonymousPullEnabled: boolean;
  readonly publicNetworkAccess: boolean;
  readonly networkRules: NetworkRules;
  /** Rights on repositories come from data actions alone. */
  readonly perRepository: boolean;
}

export function registryOf({ id, name, properties }: Resource): Registry {
  const is = (key: string, value: Json): boolean => properties[key] === value;
  return {
    id,
    name,
    loginServer: String(properties['loginServer']),
    adminUserEnabled: is('adminUserEnabled', true),
    anonymousPullEnabled: is('anonymousPullEnabled', true),
    publicNetworkAccess: !is('publicNetworkAccess', 'Disabled'),
    networkRules: properties['networkRuleSet'] as NetworkRules,
    perRepository: is('roleAssignmentMode', 'AbacRepositoryPermissions'),
  };
}

/** All registries of all subscriptions: their names are unique among them. */
export function allRegistries(store: Store): Registry[] {
  return store.list('/subscriptions', registryType).map(registryOf);
}

export function registryNamed(store: Store, name: string): Registry | undefined {
  const wanted = name.toLowerCase();
  return allRegistries(store).find((registry) => registry.name.toLowerCase() === wanted);
}

/** By its login server, or by the host name that it has in the cloud. */
export function registryAt(store: Store, host: string): Registry | undefined {
  const wanted = host.toLowerCase();
  return allRegistries(store).find(
    ({ name, loginServer }) => loginServer.toLowerCase() === wanted || publicHost(name) === wanted,
  );
}
