import type { HostService } from '../wire/service.ts';

const versions = ['2015-01-01', '2018-05-01', '2019-05-01', '2020-09-01', '2022-09-01'];

/** The document by which a client registers a cloud by the address of its Resource Manager. */
export function createMetadataService(tenantId: string): HostService {
  return {
    serves: (_host, path) => path.toLowerCase() === '/metadata/endpoints',
    handle(request, response) {
      const origin = `https://${request.headers.host}`;
      const version = new URL(request.url ?? '/', origin).searchParams.get('api-version') ?? '';
      const known = versions.includes(version);
      const body = known
        ? cloud(origin, tenantId)
        : {
            error: {
              code: version === '' ? 'MissingApiVersionParameter' : 'InvalidApiVersionParameter',
              message: `The api-version '${version}' is invalid. The supported versions are '${versions.join(',')}'.`,
            },
          };
      response.writeHead(known ? 200 : 400, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(body));
    },
  };
}

function cloud(origin: string, tenantId: string): object {
  return {
    name: 'AzureEmulator',
    portal: origin,
    authentication: {
      loginEndpoint: origin,
      audiences: [`${origin}/`],
      tenant: tenantId,
      identityProvider: 'AAD',
    },
    resourceManager: origin,
    graph: `${origin}/`,
    graphAudience: `${origin}/`,
    microsoftGraphResourceId: `${origin}/`,
    batch: origin,
    gallery: origin,
    media: origin,
    suffixes: { acrLoginServer: '.azurecr.io', storage: 'core.windows.net', keyVaultDns: 'vault.azure.net' },
  };
}
