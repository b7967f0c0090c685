import { ContainerServiceClient } from '@azure/arm-containerservice';
import { ClientSecretCredential } from '@azure/identity';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningAzure } from '../../running-azure.ts';
import { startAzure } from '../../setup.ts';
import { noKubernetes } from '../driver/none.ts';
import { Rest } from '../testing/rest.ts';

/** The official SDK's way through the life of a cluster and of a pool, over TLS. */

let azure: RunningAzure;
let client: ContainerServiceClient;

beforeAll(async () => {
  azure = await startAzure({ driver: noKubernetes, operationMs: 50 });
  const tlsOptions = { ca: readFileSync(azure.authorityFile) };
  const { appId, secret } = azure.owner;
  const credential = new ClientSecretCredential(azure.tenantId, appId, secret, {
    authorityHost: azure.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions,
  });
  client = new ContainerServiceClient(credential, azure.subscriptionId, { endpoint: azure.endpoint, tlsOptions });
  const group = `/subscriptions/${azure.subscriptionId}/resourcegroups/KaitoLab?api-version=2024-11-01`;
  expect((await new Rest(azure).arm('PUT', group, { location: 'westus3' })).status).toBe(201);
});

afterAll(() => azure.stop());

/** Polls as fast as the emulator allows. */
const quickly = { updateIntervalInMs: 10 };

test('a cluster and its pools from the beginning to the end', async () => {
  const cluster = await client.managedClusters.createOrUpdate(
    'KaitoLab',
    'kaito',
    {
      location: 'westus3',
      identity: { type: 'SystemAssigned' },
      dnsPrefix: 'kaito',
      oidcIssuerProfile: { enabled: true },
      agentPoolProfiles: [{ name: 'nodepool1', count: 1, mode: 'System' }],
    },
    quickly,
  );
  expect(cluster).toMatchObject({ provisioningState: 'Succeeded', nodeResourceGroup: 'MC_KaitoLab_kaito_westus3' });
  expect(cluster.oidcIssuerProfile?.issuerURL).toContain(`${azure.endpoint}/oidc/${azure.tenantId}/`);

  const asked = {
    count: 1,
    vmSize: 'Standard_NC64as_T4_v3',
    nodeLabels: { a: 'b' },
    nodeTaints: ['sku=gpu:NoSchedule'],
  };
  const pool = await client.agentPools.createOrUpdate('KaitoLab', 'kaito', 'ws1', asked, {
    ...quickly,
    ifNoneMatch: '*',
  });
  expect(pool).toMatchObject({ name: 'ws1', provisioningState: 'Succeeded', vmSize: asked.vmSize, count: 1 });
  await expect(
    client.agentPools.createOrUpdate('KaitoLab', 'kaito', 'ws1', asked, { ...quickly, ifNoneMatch: '*' }),
  ).rejects.toMatchObject({ statusCode: 412, code: 'PreconditionFailed' });

  const names: unknown[] = [];
  for await (const { name } of client.agentPools.list('KaitoLab', 'kaito')) names.push(name);
  expect(names).toEqual(['nodepool1', 'ws1']);

  await client.agentPools.delete('KaitoLab', 'kaito', 'ws1', quickly);
  await expect(client.agentPools.get('KaitoLab', 'kaito', 'ws1')).rejects.toMatchObject({
    statusCode: 404,
    code: 'NotFound',
  });
  await expect(client.agentPools.get('KaitoLab', 'none', 'ws1')).rejects.toMatchObject({
    statusCode: 404,
    code: 'ResourceNotFound',
  });

  await client.managedClusters.stop('KaitoLab', 'kaito', quickly);
  expect((await client.managedClusters.get('KaitoLab', 'kaito')).powerState?.code).toBe('Stopped');
  await client.managedClusters.start('KaitoLab', 'kaito', quickly);
  const { kubeconfigs } = await client.managedClusters.listClusterUserCredentials('KaitoLab', 'kaito');
  expect(kubeconfigs?.map(({ name }) => name)).toEqual(['clusterUser']);
  await client.managedClusters.delete('KaitoLab', 'kaito', quickly);
  await expect(client.managedClusters.get('KaitoLab', 'kaito')).rejects.toMatchObject({ code: 'ResourceNotFound' });
});
