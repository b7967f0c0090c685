import type { Cloud } from '../cloud.ts';
import { variable } from '../environment.ts';
import type { Environment } from '../environment.ts';
import { AzureError } from '../errors/azure-error.ts';
import type { Wire } from '../wire/wire.ts';
import { baseAddress } from './base-address.ts';
import { discoverCloud } from './discover-cloud.ts';
import { knownCloud, knownClouds } from './known-clouds.ts';

/**
 * The cloud that the environment names: by the address of its Resource Manager (ARM_ENDPOINT, AZURE_RESOURCE_MANAGER_ENDPOINT), else by its
 * name (AZURE_ENVIRONMENT, ARM_ENVIRONMENT), else by its Entra ID (AZURE_AUTHORITY_HOST), else Azure's public one. AZURE_AUTHORITY_HOST
 * holds in every case. One that is not Microsoft's is asked what it is.
 *
 * @throws AzureError `InvalidRequest`, or of the way there
 */
export async function cloudFromEnvironment(options: {
  readonly env: Environment;
  readonly wire: Wire;
  readonly signal?: AbortSignal;
}): Promise<Cloud> {
  const { env, wire, signal } = options;
  const host = variable(env, 'AZURE_AUTHORITY_HOST');
  const authorityHost = host === undefined ? undefined : baseAddress(host, 'AZURE_AUTHORITY_HOST');
  const endpoint = variable(env, 'ARM_ENDPOINT') ?? variable(env, 'AZURE_RESOURCE_MANAGER_ENDPOINT');
  const cloud =
    endpoint === undefined
      ? named(env, authorityHost)
      : await byAddress(wire, baseAddress(endpoint, 'the address of Resource Manager'), signal);
  return authorityHost === undefined ? cloud : { ...cloud, authorityHost };
}

async function byAddress(wire: Wire, address: string, signal: AbortSignal | undefined): Promise<Cloud> {
  return knownClouds.find((cloud) => cloud.resourceManager === address) ?? (await discoverCloud(wire, address, signal));
}

function named(env: Environment, authorityHost: string | undefined): Cloud {
  const name = variable(env, 'AZURE_ENVIRONMENT') ?? variable(env, 'ARM_ENVIRONMENT');
  if (name === undefined) return knownClouds.find((cloud) => cloud.authorityHost === authorityHost) ?? knownClouds[0]!;
  const cloud = knownCloud(name);
  if (cloud === undefined)
    throw new AzureError('InvalidRequest', {
      message: `no cloud is known as "${name}" (AZURE_ENVIRONMENT)`,
      remedy: `use one of ${knownClouds.map((one) => one.name).join(', ')}, or give the address of another cloud in ARM_ENDPOINT`,
      retry: 'never',
    });
  return cloud;
}
