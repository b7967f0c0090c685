import { deployments, pods, serviceAccounts } from '@kaito/kube';
import { describe, expect, test } from 'vitest';
import { clusterWith } from '../testing/azure.ts';
import { brief } from '../testing/brief.ts';
import { memoryCluster } from '../testing/cluster.ts';
import { lookAtProvisioner } from './provisioner.ts';

const flags = { resourceGroup: 'KaitoLab', name: 'kaito' };

describe('provisioner', () => {
  const metadata = { name: 'kaito-gpu-provisioner', namespace: 'kaito-system' };
  const labels = { 'app.kubernetes.io/name': 'kaito-gpu-provisioner' };
  const deployment = (readyReplicas: number, env: Record<string, string> = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        spec: {
          containers: [{ name: 'gpu-provisioner', env: Object.entries(env).map(([name, value]) => ({ name, value })) }],
        },
      },
    },
    status: { readyReplicas },
  });

  test('none is there', async () => {
    const { cluster } = memoryCluster();
    expect(brief((await lookAtProvisioner(cluster, clusterWith(), flags)).checks)).toEqual([
      'failed provisioner: there is no Deployment kaito-gpu-provisioner in any namespace: nobody rents machines | kaito azure setup -g KaitoLab -n kaito --install',
    ]);
  });

  test("another KAITO's makes the machines", async () => {
    const { client, cluster } = memoryCluster();
    const spec = {
      template: { spec: { containers: [{ image: 'mcr.microsoft.com/aks/kaito/gpu-provisioner:0.4.3' }] } },
    };
    const labels = { 'app.kubernetes.io/name': 'gpu-provisioner' };
    const go = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'gpu-provisioner', namespace: 'gpu', labels },
      spec,
      status: { readyReplicas: 1 },
    };
    await client.create(deployments, go as never);
    expect(brief((await lookAtProvisioner(cluster, clusterWith(), flags)).checks)).toEqual([
      "warning provisioner: another KAITO's provisioner makes the machines: Deployment gpu-provisioner in namespace gpu | kaito azure setup -g KaitoLab -n kaito --take-over",
    ]);
  });

  test('its pods end, and say why', async () => {
    const { client, cluster } = memoryCluster();
    const message =
      'identity kaito-kaito has no federated credential for system:serviceaccount:kaito-system:kaito-gpu-provisioner; az identity federated-credential create --name kaito-federated-identity';
    await client.create(deployments, deployment(0) as never);
    const annotations = { 'azure.workload.identity/client-id': 'client-of-kaito-kaito' };
    await client.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...metadata, annotations },
    });
    const containerStatuses = [
      {
        name: 'gpu-provisioner',
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, message } },
      },
    ];
    await client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'kaito-system', labels },
      status: { containerStatuses },
    } as never);
    const seen = await lookAtProvisioner(cluster, clusterWith(), flags);
    expect(seen).toMatchObject({ namespace: 'kaito-system', clientId: 'client-of-kaito-kaito' });
    expect(brief(seen.checks)).toEqual([
      `failed provisioner: kaito-system/kaito-gpu-provisioner: 0 of 2 pods ready; CrashLoopBackOff: ${message} | az identity federated-credential create --name kaito-federated-identity`,
    ]);
  });

  test('it runs, for another cluster', async () => {
    const { client, cluster } = memoryCluster();
    await client.create(
      deployments,
      deployment(2, { AZURE_CLUSTER_NAME: 'other', ARM_RESOURCE_GROUP: 'kaitolab' }) as never,
    );
    expect(brief((await lookAtProvisioner(cluster, clusterWith(), flags)).checks)).toEqual([
      'ok provisioner: kaito-system/kaito-gpu-provisioner: 2 of 2 pods ready',
      'failed provisioner: it is set to another cluster: AZURE_CLUSTER_NAME is other and not kaito | kaito azure setup -g KaitoLab -n kaito --install',
    ]);
  });
});
