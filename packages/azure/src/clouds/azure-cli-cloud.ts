import type { Cloud } from '../cloud.ts';
import { runAz } from '../credentials/run-az.ts';
import type { AzOptions } from '../credentials/run-az.ts';
import { objectOf, textOf } from '../json.ts';
import { baseAddress } from './base-address.ts';
import { knownCloud } from './known-clouds.ts';

/** The cloud that is active in the Azure CLI, also one that a person registered there. @throws AzureError */
export async function azureCliCloud(options: AzOptions): Promise<Cloud> {
  const shown = objectOf(await runAz(['cloud', 'show'], options)) ?? {};
  const name = textOf(shown['name']) ?? 'AzureCloud';
  const known = knownCloud(name);
  if (known !== undefined) return known;
  const endpoints = objectOf(shown['endpoints']) ?? {};
  const address = (key: string) => baseAddress(textOf(endpoints[key]) ?? '', `${key} of the cloud ${name}`);
  const suffix = textOf(objectOf(shown['suffixes'])?.['acrLoginServerEndpoint']) ?? '.azurecr.io';
  return {
    name,
    resourceManager: address('resourceManager'),
    resourceManagerAudience: (textOf(endpoints['activeDirectoryResourceId']) ?? address('resourceManager')).replace(
      /\/+$/,
      '',
    ),
    authorityHost: address('activeDirectory'),
    graph:
      textOf(endpoints['microsoftGraphResourceId']) === undefined
        ? address('resourceManager')
        : address('microsoftGraphResourceId'),
    registrySuffix: suffix.startsWith('.') ? suffix : `.${suffix}`,
  };
}
