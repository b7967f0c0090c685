import { isTrue } from '@kaito/api';
import { coreEvents, nodes, podDisruptionBudgets, pods } from '@kaito/kube';
import { eventually, eventuallyGone, eventuallyOne, type TestCluster, testCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { nodeClaims } from '../../../cache/resources.ts';
import { nodeClaim } from '../../../testing/claims.ts';
import { type Cloud, cloudOf } from '../../../testing/cloud.ts';
import { type RunningProvisioner, startProvisioner } from '../../../testing/provisioner.ts';

const crds = ['karpenter.sh_nodeclaims.yaml', 'kaito.sh_kaitonodeclasses.yaml'].map(
  (file) => new URL(`../../../../../../charts/kaito/files/crds/${file}`, import.meta.url).pathname,
);

let cluster: TestCluster;
let cloud: Cloud;
let provisioner: RunningProvisioner;
let namespace: string;
let count = 0;

beforeAll(async () => {
  cluster = await testCluster();
  await cluster.applyCrds(crds);
  cloud = cloudOf(cluster.client);
  provisioner = await startProvisioner({ config: cluster.config, agentPools: cloud.pools });
});

beforeEach(async () => {
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await provisioner.stop();
  await cluster.close();
});

/** A claim that is Ready; its node's name. */
async function machine(fields: Parameters<typeof nodeClaim>[0] = {}): Promise<{ name: string; nodeName: string }> {
  const { client } = cluster;
  const name = `wd${(count += 1)}`;
  const { metadata, ...claim } = nodeClaim({ name, ...fields });
  const { creationTimestamp: _, ...fresh } = metadata;
  await client.create(nodeClaims, { ...claim, metadata: fresh });
  const ready = await eventuallyOne(client, nodeClaims, { name }, ({ status }) => isTrue(status?.conditions, 'Ready'));
  return { name, nodeName: ready.status!.nodeName! };
}

async function podOn(nodeName: string, name: string, annotations: Record<string, string> = {}): Promise<void> {
  await cluster.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app: name }, annotations },
    spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'registry.example/x:1' }] },
  });
}

async function budget(app: string): Promise<void> {
  await cluster.client.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace, name: app },
    spec: { minAvailable: 1, selector: { matchLabels: { app } } },
  });
}

test('the pods of a node are evicted before its machine goes', async () => {
  const { client } = cluster;
  const { name, nodeName } = await machine();
  await podOn(nodeName, 'web');
  await client.delete(nodeClaims, { name });
  await eventuallyGone(client, pods, { namespace, name: 'web' });
  await eventuallyGone(client, nodeClaims, { name });
  await eventuallyGone(client, nodes, { name: nodeName });
  expect([...cloud.pools.pools.keys()]).toEqual(['systempool']);
});

test('a disruption budget is waited for, with the reason told; when it allows, the machine goes', async () => {
  const { client } = cluster;
  const { name, nodeName } = await machine();
  await podOn(nodeName, 'db');
  await budget('db');
  await eventuallyOne(
    client,
    podDisruptionBudgets,
    { namespace, name: 'db' },
    ({ status }) => status?.observedGeneration === 1,
  );
  await client.delete(nodeClaims, { name });
  const events = {
    client,
    resource: coreEvents,
    namespace: 'default',
    fieldSelector: `involvedObject.name=${nodeName}`,
  };
  await eventually(events, (all) =>
    all.some(({ reason, message }) => reason === 'FailedDraining' && message?.includes(`${namespace}/db`)),
  );
  await eventuallyOne(
    client,
    nodeClaims,
    { name },
    ({ status }) => status?.conditions?.some(({ reason }) => reason === 'Draining') === true,
  );
  expect(cloud.pools.pools.get(name)?.properties.provisioningState).toBe('Succeeded');
  await client.delete(podDisruptionBudgets, { namespace, name: 'db' });
  await eventuallyGone(client, nodeClaims, { name });
});

test('a pod that is not to be disrupted is waited for until the grace period of the claim is over', async () => {
  const { client } = cluster;
  const { name, nodeName } = await machine({ terminationGracePeriod: '1s' });
  await podOn(nodeName, 'train', { 'karpenter.sh/do-not-disrupt': 'true' });
  await client.delete(nodeClaims, { name });
  await eventuallyGone(client, nodeClaims, { name });
  expect(cloud.pools.pools.has(name)).toBe(false);
});

test('deleting the node deletes its claim and its machine', async () => {
  const { client } = cluster;
  const { name, nodeName } = await machine();
  await client.delete(nodes, { name: nodeName });
  await eventuallyGone(client, nodeClaims, { name });
  await eventuallyGone(client, nodes, { name: nodeName });
  expect(cloud.pools.pools.has(name)).toBe(false);
});
