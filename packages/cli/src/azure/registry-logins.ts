import { AzureError, type Cloud, type Credential, type Environment } from '@kaito/azure';
import type { CredentialSource } from '@kaito/oci';
import { cloudOf, credentialOf, wireOf } from './connect.ts';
import { explained } from './explain.ts';

/** What tokens for Azure's registries are asked for. Source: Azure CLI 2.91, `az acr login`. */
export const registryAudience = 'https://containerregistry.azure.net';

/**
 * Logins for the registries of the cloud that a person is logged in to: whom the environment names, else who is logged in with the Azure CLI;
 * none for other registries, nor where nobody is logged in. Throws a Failure where a login that there is does not work.
 */
export function azureRegistryLogins(env: Environment): CredentialSource {
  const wire = wireOf(env);
  let login: Promise<{ readonly cloud: Cloud; readonly credential: Credential }> | undefined;
  const logIn = async () => {
    const cloud = await cloudOf(env, wire);
    return { cloud, credential: credentialOf(env, cloud, wire) };
  };
  return async (registry) => {
    try {
      const { cloud, credential } = await (login ??= logIn());
      if (!registry.toLowerCase().endsWith(cloud.registrySuffix)) return undefined;
      const { value } = await credential.token(registryAudience);
      return { kind: 'entra', token: value, ambient: true };
    } catch (error) {
      if (error instanceof AzureError && error.code === 'NoCredential') return undefined;
      throw explained(error);
    }
  };
}
