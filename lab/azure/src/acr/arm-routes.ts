import { resourceNotFound } from '../errors/resource-errors.ts';
import type { Resource } from '../store/store.ts';
import type { ArmRequest, ArmRoute, Emulator } from '../wire/service.ts';
import { registryType } from './registries.ts';

export const provider = 'Microsoft.ContainerRegistry';
export const apiVersions = [
  '2019-05-01',
  '2021-09-01',
  '2022-12-01',
  '2023-07-01',
  '2023-11-01-preview',
  '2024-11-01-preview',
  '2025-03-01-preview',
  '2025-04-01',
  '2025-05-01-preview',
  '2025-06-01-preview',
  '2025-11-01',
  '2026-01-01-preview',
  '2026-09-01-preview',
];

export const subscriptionPath = '/subscriptions/{subscriptionId}';
export const registriesPath = `${subscriptionPath}/resourceGroups/{resourceGroupName}/providers/${registryType}`;
export const registryPath = `${registriesPath}/{registryName}`;

/** @param action without the provider's name */
export function registryRoute(
  method: ArmRoute['method'],
  path: string,
  action: string,
  handle: ArmRoute['handle'],
): ArmRoute {
  return { method, path, action: `${provider}/${action}`, apiVersions, handle };
}

/** The resource that a path names. @throws ArmError ResourceNotFound */
export function existing({ store }: Pick<Emulator, 'store'>, { parameters }: ArmRequest): Resource {
  const { subscriptionId, resourceGroupName = '', registryName } = parameters;
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/${registryType}/${registryName}`;
  const resource = store.get(id);
  if (resource === undefined) throw resourceNotFound(`${registryType}/${registryName}`, resourceGroupName);
  return resource;
}
