import { expect, test } from 'vitest';
import { azureAgainst, clusterId } from '../testing/azure-against.ts';
import { refusal, stubAzure } from '../testing/stub-azure.ts';

test('a cluster is read as Resource Manager shows it', async () => {
  await using stub = await stubAzure(() => ({
    body: {
      id: clusterId,
      name: 'kaito',
      location: 'westus3',
      properties: {
        provisioningState: 'Succeeded',
        powerState: { code: 'Running' },
        kubernetesVersion: '1.33',
        currentKubernetesVersion: '1.33.2',
        nodeResourceGroup: 'MC_rg_kaito_westus3',
        oidcIssuerProfile: { enabled: true, issuerURL: 'https://issuer/' },
        securityProfile: { workloadIdentity: { enabled: true } },
        aiToolchainOperatorProfile: { enabled: false },
        identityProfile: { kubeletidentity: { objectId: 'o', clientId: 'c', resourceId: '/r' } },
        agentPoolProfiles: [{ name: 'nodepool1', mode: 'System', vmSize: 'Standard_D4s_v5', vnetSubnetID: '/v' }],
      },
    },
  }));
  expect(await azureAgainst(stub).managedClusters('sub').get('rg', 'kaito')).toEqual({
    id: clusterId,
    name: 'kaito',
    location: 'westus3',
    kubernetesVersion: '1.33.2',
    provisioningState: 'Succeeded',
    powerState: 'Running',
    nodeResourceGroup: 'MC_rg_kaito_westus3',
    oidcIssuer: 'https://issuer/',
    workloadIdentity: true,
    aiToolchainOperator: false,
    kubeletIdentity: { objectId: 'o', clientId: 'c', resourceId: '/r' },
    agentPools: [
      { name: 'nodepool1', mode: 'System', vmSize: 'Standard_D4s_v5', vnetSubnetID: '/v', podSubnetID: undefined },
    ],
  });
});

test('what a cluster does not say is unknown', async () => {
  await using stub = await stubAzure(() => ({ body: { value: [{ id: 'i', name: 'n', location: 'l' }] } }));
  expect(await azureAgainst(stub).managedClusters('sub').list()).toMatchObject([
    { powerState: undefined, oidcIssuer: undefined, kubeletIdentity: undefined, agentPools: [] },
  ]);
});

test('a cluster that is not there is told with how to look', async () => {
  await using stub = await stubAzure(() =>
    refusal(404, 'ResourceNotFound', "The Resource 'Microsoft.ContainerService/managedClusters/kaito' was not found."),
  );
  await expect(azureAgainst(stub).managedClusters('sub').get('rg', 'kaito')).rejects.toMatchObject({
    code: 'ClusterNotFound',
    remedy: expect.stringContaining('az aks show --name kaito --resource-group rg') as unknown,
  });
});
