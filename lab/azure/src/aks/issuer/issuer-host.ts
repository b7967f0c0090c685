import type { JsonObject, Resource } from '../../store/store.ts';
import type { Emulator, HostService } from '../../wire/service.ts';
import { objectAt } from '../fields.ts';
import { clusterType } from '../names.ts';
import { isIssuerPlace, issuerOf } from './issuer-url.ts';

/**
 * What the URLs of token issuers answer: discovery documents and key sets of clusters whose OIDC issuer is enabled.
 *
 * @param signingKeys the key set of a cluster's API server
 */
export function createIssuerHost(
  { store, names, logger }: Pick<Emulator, 'store' | 'names' | 'logger'>,
  signingKeys: (cluster: Resource) => Promise<JsonObject>,
): HostService {
  const clusters = (): readonly Resource[] => store.list('', clusterType);

  const answer = async (url: string): Promise<JsonObject | undefined> => {
    const [, base, uid, document] =
      /^(.*\/([^/]+)\/)(\.well-known\/openid-configuration|openid\/v1\/jwks)$/.exec(url) ?? [];
    const cluster = clusters().find(
      ({ properties }) =>
        properties['resourceUID'] === uid && objectAt(properties, 'oidcIssuerProfile')['enabled'] === true,
    );
    if (cluster === undefined) return undefined;
    if (document === 'openid/v1/jwks') return await signingKeys(cluster);
    return {
      issuer: issuerOf(store, uid!),
      jwks_uri: `${base}openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  };

  return {
    serves: (host, path) => isIssuerPlace(names, host, path),
    names: () =>
      names === 'public' ? [...new Set(clusters().map(({ location }) => `${location}.oic.prod-aks.azure.com`))] : [],
    async handle(request, response) {
      let status = 404;
      let body: JsonObject = { error: 'not_found' };
      try {
        const found =
          request.method === 'GET' ? await answer(`https://${request.headers.host}${request.url}`) : undefined;
        if (found !== undefined) [status, body] = [200, found];
      } catch (error) {
        logger.log('warn', 'the keys of a cluster could not be read', { url: request.url, error });
        [status, body] = [503, { error: 'temporarily_unavailable' }];
      }
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    },
  };
}
