import type { Cloud } from '../cloud.ts';

/** The clouds of Microsoft. Source: `az cloud list`; as audience Resource Manager also takes its own address. */
export const knownClouds: readonly Cloud[] = [
  {
    name: 'AzureCloud',
    resourceManager: 'https://management.azure.com',
    resourceManagerAudience: 'https://management.azure.com',
    authorityHost: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    registrySuffix: '.azurecr.io',
  },
  {
    name: 'AzureUSGovernment',
    resourceManager: 'https://management.usgovcloudapi.net',
    resourceManagerAudience: 'https://management.usgovcloudapi.net',
    authorityHost: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    registrySuffix: '.azurecr.us',
  },
  {
    name: 'AzureChinaCloud',
    resourceManager: 'https://management.chinacloudapi.cn',
    resourceManagerAudience: 'https://management.chinacloudapi.cn',
    authorityHost: 'https://login.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    registrySuffix: '.azurecr.cn',
  },
];

/** Other names that tools know these clouds by. */
const aliases: Readonly<Record<string, string>> = {
  azurepubliccloud: 'AzureCloud',
  public: 'AzureCloud',
  azureusgovernmentcloud: 'AzureUSGovernment',
  usgovernment: 'AzureUSGovernment',
  china: 'AzureChinaCloud',
  azurechina: 'AzureChinaCloud',
};

/** A cloud of Microsoft by its name, without regard to case. */
export function knownCloud(name: string): Cloud | undefined {
  const wanted = (aliases[name.toLowerCase()] ?? name).toLowerCase();
  return knownClouds.find((cloud) => cloud.name.toLowerCase() === wanted);
}
