import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WorkloadIdentityCredential } from '@azure/identity';
import type { NodeClaim } from '@kaito/api';
import { fixedCredential, isNotFound, type Logger, serviceAccounts, silentLogger, systemClock } from '@kaito/kube';
import { eventuallyGone, eventuallyOne, type TestCluster, testCluster } from '@kaito/kube/testing';
import type { Live } from '@kaito/kube';
import { nodeClaims } from '../../cache/resources.ts';
import type { ClusterAddress } from '../../options.ts';
import { readSettings } from '../../settings.ts';
import { setUp } from '../../setup.ts';
import { connectAzure } from '../../startup/connect-azure.ts';
import { nodeClaim } from '../../testing/claims.ts';
import { newSubscription, type Subscription } from './emulator.ts';
import { sdkAgentPools } from './sdk-agent-pools.ts';

const run = promisify(execFile);
const chart = fileURLToPath(new URL('../../../../../charts/kaito', import.meta.url));
const crds = ['kaito.sh_kaitonodeclasses.yaml', 'karpenter.sh_nodeclaims.yaml'].map((file) =>
  join(chart, 'files/crds', file),
);
const serviceAccount = 'kaito-gpu-provisioner';
/** What is the whole cluster's of that which a fixture installs. */
const installed = [
  `clusterrole/${serviceAccount}`,
  `clusterrolebinding/${serviceAccount}`,
  'crd/kaitonodeclasses.kaito.sh',
  'crd/nodeclaims.karpenter.sh',
];
const containerService = '2025-02-01';
const identities = '2023-01-31';

/** Which client of Azure the provisioner speaks through. */
export type ClientKind = 'our client' | 'the official SDK';

export interface RunningProvisioner {
  stop(): Promise<void>;
}

/** An AKS cluster on the emulator, whose nodes are of the API server of `KUBECONFIG`, with the identity that the provisioner acts as. */
export interface AzureCluster {
  readonly kube: TestCluster;
  readonly azure: Subscription;
  readonly address: ClusterAddress;
  /** Resource id of the AKS cluster. */
  readonly id: string;
  readonly identity: { readonly clientId: string; readonly principalId: string; readonly id: string };
  /** What the provisioner's container is told, and its federated token's file among it. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs the provisioner as its pod does: under the rights of the chart's ServiceAccount, with its federated token. */
  start(client: ClientKind, flags?: readonly string[], logger?: Logger): Promise<RunningProvisioner>;
  /** Gives the identity its right at the cluster; takes it away. */
  grant(): Promise<void>;
  revoke(): Promise<void>;
  /** Creates a NodeClaim of a name that no other has. */
  claim(fields?: Parameters<typeof nodeClaim>[0]): Promise<Live<NodeClaim>>;
  /** Waits until the claim is so. */
  until(claim: Live<NodeClaim>, predicate: (claim: Live<NodeClaim>) => boolean): Promise<Live<NodeClaim>>;
  /** Waits until the claim is gone by itself. */
  gone(claim: Live<NodeClaim>): Promise<void>;
  /** Removes all claims that there are still. */
  takeBack(): Promise<void>;
  /** Deletes the claim and waits until it is gone. */
  remove(claim: Live<NodeClaim>): Promise<void>;
  /** Names of the agent pools that there are, without the system's. */
  pools(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export function conditionOf(claim: Live<NodeClaim>, type: string) {
  return claim.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(claim: Live<NodeClaim>): boolean {
  return conditionOf(claim, 'Ready')?.status === 'True';
}

let made = 0;

export async function azureCluster(): Promise<AzureCluster> {
  const [kube, azure] = [await testCluster(), await newSubscription()];
  const { subscriptionId, endpoint, tenantId } = azure;
  const address: ClusterAddress = { subscriptionId, resourceGroup: 'KaitoLab', name: 'kaito', location: 'westus3' };
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-'));
  const namespace = await kube.namespace();
  await kube.applyCrds(crds);

  const group = `/subscriptions/${subscriptionId}/resourceGroups/${address.resourceGroup}`;
  const id = `${group}/providers/Microsoft.ContainerService/managedClusters/${address.name}`;
  await azure.arm('PUT', group, '2024-11-01', { location: address.location });
  const cluster = (await azure.arm('PUT', id, containerService, {
    location: address.location,
    identity: { type: 'SystemAssigned' },
    properties: {
      dnsPrefix: 'kaito',
      agentPoolProfiles: [{ name: 'nodepool1', count: 1, mode: 'System' }],
      oidcIssuerProfile: { enabled: true },
    },
  })) as { properties: { oidcIssuerProfile: { issuerURL: string } } };
  const identityId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kaito`;
  const identity = (await azure.arm('PUT', identityId, identities, { location: address.location })) as {
    properties: { clientId: string; principalId: string };
  };
  const { clientId, principalId } = identity.properties;
  await azure.arm('PUT', `${identityId}/federatedIdentityCredentials/kaito`, identities, {
    properties: {
      issuer: cluster.properties.oidcIssuerProfile.issuerURL,
      subject: `system:serviceaccount:${namespace}:${serviceAccount}`,
      audiences: ['api://AzureADTokenExchange'],
    },
  });
  const right = { principalId, role: 'Azure Kubernetes Service Contributor Role', scope: id };
  const grant = async (): Promise<void> => void (await azure.admin('POST', '/role-assignments', right));
  await grant();

  const values = { 'azure.subscriptionId': subscriptionId, 'azure.resourceGroup': address.resourceGroup };
  const set = Object.entries({
    ...values,
    enabled: 'true',
    'azure.clusterName': address.name,
    'azure.location': address.location,
    'workloadIdentity.clientId': clientId,
  }).map(([key, value]) => `--set=provisioner.${key}=${value}`);
  const shown = ['rbac', 'serviceaccount'].map((file) => `--show-only=templates/provisioner/${file}.yaml`);
  const rendered = await run('helm', [
    'template',
    'kaito',
    chart,
    '--kube-version=1.34.0',
    `--namespace=${namespace}`,
    ...shown,
    ...set,
  ]);
  await kube.applyYaml(rendered.stdout, namespace);
  await eventuallyOne(kube.client, serviceAccounts, { namespace, name: serviceAccount }, () => true);
  const token = async (...args: readonly string[]): Promise<string> =>
    (await run('kubectl', ['create', 'token', serviceAccount, `--namespace=${namespace}`, ...args])).stdout.trim();
  const tokenFile = join(folder, 'azure-identity-token');
  await writeFile(tokenFile, await token('--audience=api://AzureADTokenExchange'));
  const credentials = fixedCredential({ token: await token() });

  const environment = {
    ARM_SUBSCRIPTION_ID: subscriptionId,
    ARM_RESOURCE_GROUP: address.resourceGroup,
    AZURE_CLUSTER_NAME: address.name,
    LOCATION: address.location,
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    AZURE_AUTHORITY_HOST: process.env['AZURE_AUTHORITY_HOST'],
    ARM_ENDPOINT: endpoint,
    POD_NAMESPACE: namespace,
  };
  const started = new Set<RunningProvisioner>();
  const claims = new Map<string, Live<NodeClaim>>();

  const it: AzureCluster = {
    kube,
    azure,
    address,
    id,
    identity: { clientId, principalId, id: identityId },
    environment,
    grant,
    revoke: async () => void (await azure.admin('DELETE', '/role-assignments', { principalId })),
    async start(client, flags = [], logger = silentLogger) {
      const settings = readSettings(
        ['--leader-elect=false', '--health-port=0', '--metrics-port=0', ...flags],
        environment,
      );
      if (settings === 'help') throw new Error('no help was asked for');
      const stop = new AbortController();
      const around = { clock: systemClock, logger };
      const connection = await connectAzure(settings, environment, { ...around, signal: stop.signal });
      const agentPools =
        client === 'our client'
          ? connection.agentPools
          : sdkAgentPools(
              new WorkloadIdentityCredential({
                tenantId,
                clientId,
                tokenFilePath: tokenFile,
                disableInstanceDiscovery: true,
              }),
              endpoint,
              settings.cluster,
            );
      const config = { ...kube.config, source: 'the ServiceAccount', credentials };
      const manager = setUp(settings, { ...around, config, agentPools, compute: connection.compute });
      const running = manager.run(stop.signal);
      running.catch(() => {});
      await Promise.race([manager.started(), running]);
      const provisioner = {
        async stop() {
          started.delete(provisioner);
          stop.abort();
          await running;
        },
      };
      started.add(provisioner);
      return provisioner;
    },
    async claim(fields = {}) {
      made += 1;
      const name = fields.name ?? `ws${made.toString(16).padStart(9, '0')}`;
      const { metadata, ...rest } = nodeClaim({ types: ['Standard_NC4as_T4_v3'], ...fields, name });
      const { creationTimestamp: _, ...named } = metadata;
      const created = await kube.client.create(nodeClaims, { ...rest, metadata: named });
      claims.set(name, created);
      return created;
    },
    until: async ({ metadata: { name } }, predicate) =>
      await eventuallyOne(kube.client, nodeClaims, { name: name! }, predicate),
    async gone({ metadata }) {
      const ref = { name: metadata.name! };
      await eventuallyGone(kube.client, nodeClaims, ref);
      claims.delete(ref.name);
    },
    async remove(claim) {
      await kube.client.delete(nodeClaims, { name: claim.metadata.name! }).catch(ignoreNotFound);
      await it.gone(claim);
    },
    async takeBack() {
      await Promise.all([...claims.values()].map(async (claim) => await it.remove(claim)));
    },
    async pools() {
      const { value } = (await azure.arm('GET', `${id}/agentPools`, containerService)) as { value: { name: string }[] };
      return value.map(({ name }) => name).filter((name) => name !== 'nodepool1');
    },
    async close() {
      await it.takeBack();
      for (const provisioner of started) await provisioner.stop();
      await azure.arm('DELETE', id, containerService);
      // Helm installs the same ones where other tests want it to, and takes nobody else's over.
      await run('kubectl', ['delete', '--ignore-not-found', ...installed]);
      await kube.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return it;
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
