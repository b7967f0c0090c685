import type { Cloud } from '../cloud.ts';
import { AzureError } from '../errors/azure-error.ts';
import { objectOf, parseJson, textOf, textsOf } from '../json.ts';
import type { Wire } from '../wire/wire.ts';
import { baseAddress } from './base-address.ts';

/** Asks a Resource Manager which cloud it is of. @throws AzureError `InvalidRequest` where it does not say, or of the way there */
export async function discoverCloud(wire: Wire, resourceManager: string, signal?: AbortSignal): Promise<Cloud> {
  const base = baseAddress(resourceManager, 'the address of Resource Manager');
  const url = new URL(`${base}/metadata/endpoints?api-version=2022-09-01`);
  const answer = await wire.send({ method: 'GET', url, repeatable: true, signal });
  const body = parseJson(answer.text);
  const found = (Array.isArray(body) ? body : [body]).map(objectOf);
  const metadata =
    found.find((one) => textOf(one?.['resourceManager'])?.replace(/\/+$/, '') === base) ??
    found.find((one) => one !== undefined);
  const authentication = objectOf(metadata?.['authentication']);
  const login = textOf(authentication?.['loginEndpoint']);
  if (answer.status !== 200 || metadata === undefined || login === undefined)
    throw new AzureError('InvalidRequest', {
      message: `${url.host} does not say which cloud it is of (HTTP ${answer.status})`,
      remedy: 'check the address of Resource Manager: az cloud show --query endpoints.resourceManager',
      retry: 'later',
      status: answer.status,
    });
  const suffix = textOf(objectOf(metadata['suffixes'])?.['acrLoginServer']) ?? 'azurecr.io';
  const audience = textsOf(authentication?.['audiences'])[0];
  const graph = textOf(metadata['microsoftGraphResourceId']);
  return {
    name: textOf(metadata['name']) ?? url.host,
    resourceManager: base,
    resourceManagerAudience: (audience ?? base).replace(/\/+$/, ''),
    authorityHost: baseAddress(login, 'the login endpoint of the cloud'),
    graph: graph === undefined ? base : baseAddress(graph, 'the Graph endpoint of the cloud'),
    registrySuffix: suffix.startsWith('.') ? suffix : `.${suffix}`,
  };
}
