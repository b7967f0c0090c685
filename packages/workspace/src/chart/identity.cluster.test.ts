import { pods } from '@kaito/kube';
import { eventually } from '@kaito/kube/testing';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chart } from './testing/helm.ts';
import { type Identity, serveIdentityWebhook } from './testing/identity-webhook.ts';
import { testRelease, type TestRelease } from './testing/release.ts';

const clientId = '66666666-7777-8888-9999-aaaaaaaaaaaa';
const ofWebhook: Identity = {
  clientId: '00000000-0000-0000-0000-000000000000',
  tenantId: 'bbbbbbbb-cccc-dddd-eeee-ffffffffffff',
  authorityHost: 'https://login.microsoftonline.com/',
};
const values = [
  '--set=provisioner.enabled=true,provisioner.replicas=1',
  '--set=provisioner.azure.subscriptionId=11111111-2222-3333-4444-555555555555',
  '--set=provisioner.azure.resourceGroup=KaitoLab,provisioner.azure.clusterName=kaito,provisioner.azure.location=westus3',
  `--set=provisioner.workloadIdentity.clientId=${clientId}`,
];
let release: TestRelease;

beforeAll(async () => {
  release = await testRelease();
});
afterAll(async () => await release.close());

async function podOf(restarted = ''): Promise<Pod> {
  const { client } = release.cluster;
  const labelSelector = 'app.kubernetes.io/name=kaito-gpu-provisioner';
  return await eventually({ client, resource: pods, namespace: release.system, labelSelector }, (all) =>
    all.find(
      ({ metadata: { deletionTimestamp, annotations } }) =>
        deletionTimestamp === undefined && (annotations?.['restarted'] ?? '') === restarted,
    ),
  );
}

const environmentOf = ({ spec }: Pod) => {
  const { env = [] } = spec!.containers[0]!;
  const names = env.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
};

/** The token is where the variable says, once. */
function expectToken(pod: Pod): void {
  const { volumes = [], containers } = pod.spec!;
  const tokens = volumes.filter(({ projected }) =>
    projected?.sources?.some(
      ({ serviceAccountToken }) => serviceAccountToken?.audience === 'api://AzureADTokenExchange',
    ),
  );
  expect(tokens).toHaveLength(1);
  const mounts = containers[0]!.volumeMounts!.filter(({ name }) => name === tokens[0]!.name);
  expect(mounts.map(({ mountPath }) => `${mountPath}/azure-identity-token`)).toEqual([
    environmentOf(pod)['AZURE_FEDERATED_TOKEN_FILE'],
  ]);
}

test('without the workload identity webhook the chart brings token and variables by itself', async () => {
  await release.upgrade(
    chart,
    '--take-ownership',
    ...values,
    `--set=provisioner.workloadIdentity.tenantId=${ofWebhook.tenantId}`,
  );
  const pod = await podOf();
  expectToken(pod);
  expect(environmentOf(pod)).toMatchObject({ AZURE_CLIENT_ID: clientId, AZURE_TENANT_ID: ofWebhook.tenantId });
});

test('with the webhook nothing is there twice, what the chart says stands, and what it leaves open is filled in', async () => {
  await serveIdentityWebhook(release.cluster, release.system, ofWebhook);
  await release.upgrade(
    chart,
    '--take-ownership',
    ...values,
    '--set=provisioner.workloadIdentity.tenantId=',
    '--set=podAnnotations.restarted=yes',
  );
  const pod = await podOf('yes');
  expectToken(pod);
  expect(environmentOf(pod)).toMatchObject({
    AZURE_CLIENT_ID: clientId,
    AZURE_TENANT_ID: ofWebhook.tenantId,
    AZURE_AUTHORITY_HOST: ofWebhook.authorityHost,
  });
});
