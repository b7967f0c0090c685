import { randomUUID } from 'node:crypto';
import type { EmulatedAzure } from '../../testing/emulated.ts';

/** The calls of Resource Manager that a command of `az` comes to, where no az is there. @throws Error for a command that is not known here */
export async function asAzure({ arm, admin, subscriptionId }: EmulatedAzure, words: readonly string[]): Promise<void> {
  const flags = flagsOf(words);
  const flag = (name: string): string => {
    const value = flags.get(name);
    if (value === undefined) throw new Error(`${name} is missing: ${words.join(' ')}`);
    return value;
  };
  const group = () => `/subscriptions/${subscriptionId}/resourceGroups/${flag('-g')}`;
  switch (
    words.filter((word, index) => index > 0 && !word.startsWith('-') && !words[index - 1]!.startsWith('-')).join(' ')
  ) {
    case 'identity federated-credential create':
    case 'identity federated-credential update': {
      const identity = `${group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${flag('--identity-name')}`;
      await arm('PUT', `${identity}/federatedIdentityCredentials/${flag('--name')}`, '2023-01-31', {
        properties: { issuer: flag('--issuer'), subject: flag('--subject'), audiences: [flag('--audiences')] },
      });
      return;
    }
    case 'role assignment create': {
      const scope = flag('--scope');
      const { value } = (await arm(
        'GET',
        `${scope}/providers/Microsoft.Authorization/roleDefinitions`,
        '2022-04-01',
      )) as {
        readonly value: readonly { readonly id: string; readonly properties: { readonly roleName: string } }[];
      };
      const role = value.find(({ properties }) => properties.roleName === flag('--role'));
      if (role === undefined) throw new Error(`there is no role ${flag('--role')}`);
      await arm('PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`, '2022-04-01', {
        properties: {
          roleDefinitionId: role.id,
          principalId: flag('--assignee-object-id'),
          principalType: flag('--assignee-principal-type'),
        },
      });
      return;
    }
    case 'aks update': {
      const cluster = `${group()}/providers/Microsoft.ContainerService/managedClusters/${flag('-n')}`;
      const { properties } = (await arm('GET', cluster, '2026-06-01')) as {
        readonly properties: { readonly identityProfile: { readonly kubeletidentity: { readonly objectId: string } } };
      };
      await admin('POST', '/role-assignments', {
        principalId: properties.identityProfile.kubeletidentity.objectId,
        role: 'AcrPull',
        scope: `${group()}/providers/Microsoft.ContainerRegistry/registries/${flag('--attach-acr')}`,
      });
      return;
    }
    case 'quota update': {
      const [, subscription, location] = /^\/subscriptions\/([^/]+)\/.*\/locations\/([^/]+)$/.exec(flag('--scope'))!;
      const limit = Number(flag('--limit-object').replace('value=', ''));
      await admin('PUT', `/compute/quotas/${subscription}/${location}/${flag('--resource-name')}`, { limit });
      return;
    }
    default:
      throw new Error(`not known here: ${words.join(' ')}`);
  }
}

function flagsOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.flatMap((word, index) => (word.startsWith('-') ? [[word, words[index + 1] ?? ''] as const] : [])),
  );
}
