// What the walkthrough makes with its first commands of az, made at once: a resource group, a registry with the model's image, and an AKS
// cluster with the AI toolchain operator whose nodes may pull from it. Twice is as once.
// Usage: main.ts [--build]: only make the programs that this needs, where there is a network.
import { randomUUID } from 'node:crypto';
import { ensureRegistryProgram } from '../registry/program.ts';
import { resourceManager } from './resource-manager.ts';

const tell = (text: string): void => void process.stderr.write(`lab azure: ${text}\n`);
const location = 'westus3';
/** AcrPull, as it is called in every Azure. */
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d';

if (process.argv.includes('--build')) await ensureRegistryProgram(tell);
else await make();

async function make(): Promise<void> {
  const call = await resourceManager(process.env);
  const subscription = `/subscriptions/${process.env['AZURE_SUBSCRIPTION_ID']}`;
  const group = `${subscription}/resourceGroups/KaitoLab`;
  const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/kaitolab`;
  const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/kaito`;
  await call('PUT', group, '2024-11-01', { location });
  await call('PUT', registry, '2023-07-01', { location, sku: { name: 'Standard' }, properties: {} });
  await call('PUT', cluster, '2026-06-01', {
    location,
    identity: { type: 'SystemAssigned' },
    properties: {
      dnsPrefix: 'kaito',
      agentPoolProfiles: [{ name: 'nodepool1', count: 3, mode: 'System' }],
      oidcIssuerProfile: { enabled: true },
      aiToolchainOperatorProfile: { enabled: true },
    },
  });
  await call('POST', `${registry}/importImage`, '2023-07-01', {
    source: { registryUri: 'mcr.microsoft.com', sourceImage: 'aks/kaito/kaito-mistral-7b-instruct:0.0.2' },
    targetTags: ['mistral-7b-instruct:0.0.2'],
    mode: 'Force',
  });
  const { properties } = (await call('GET', cluster, '2026-06-01')) as {
    readonly properties: { readonly identityProfile: { readonly kubeletidentity: { readonly objectId: string } } };
  };
  const principalId = properties.identityProfile.kubeletidentity.objectId;
  const assignments = `${registry}/providers/Microsoft.Authorization/roleAssignments`;
  const { value } = (await call('GET', assignments, '2022-04-01')) as {
    readonly value: readonly { readonly properties: { readonly principalId: string } }[];
  };
  if (value.some((given) => given.properties.principalId === principalId)) return;
  await call('PUT', `${assignments}/${randomUUID()}`, '2022-04-01', {
    properties: {
      roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${acrPull}`,
      principalId,
      principalType: 'ServicePrincipal',
    },
  });
}
