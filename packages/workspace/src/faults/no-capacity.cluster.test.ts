import { findCondition, isTrue } from '@kaito/api';
import { nodes, silentLogger, systemClock } from '@kaito/kube';
import { eventually, eventuallyGone, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeClaims, workspaces } from '../cache/resources.ts';
import { kaitoCluster } from '../testing/cluster.ts';
import { type RunningOperator, startOperator } from '../testing/operator.ts';
import { runProvisioner } from '../testing/provisioner.ts';
import { isSettled } from './testing/final-objects.ts';

const reason = 'InsufficientCapacityError';
const message = 'all zones of eastus are out of Standard_NC24ads_A100_v4';
let cluster: TestCluster;
let operator: RunningOperator;
let stopProvisioner: () => Promise<void>;

function provision(refuses: boolean): () => Promise<void> {
  const end = new AbortController();
  const options = { client: cluster.client, clock: systemClock, logger: silentLogger };
  const running = runProvisioner({ ...options, ...(refuses && { refuse: () => ({ reason, message }) }) }, end.signal);
  return async () => {
    end.abort();
    await running;
  };
}

beforeAll(async () => {
  cluster = await kaitoCluster();
  stopProvisioner = provision(true);
  operator = await startOperator({ config: cluster.config });
});
afterAll(async () => {
  await cluster.close();
  await operator.stop();
  await stopProvisioner();
});

const claimsOf = async (namespace: string) =>
  (await cluster.client.list(nodeClaims, { labelSelector: `kaito.sh/workspacenamespace=${namespace}` })).items;

async function apply(): Promise<{ readonly namespace: string; readonly name: string }> {
  const namespace = await cluster.namespace();
  const manifest = `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: ${namespace}}}}
inference: {preset: {name: phi-2, presetOptions: {image: "registry.example/phi:1"}}}
`;
  await cluster.applyYaml(manifest, namespace);
  return { namespace, name: 'phi' };
}

test('a machine that cannot be had: the Workspace says why, asks no second time, and goes on when there is one', async () => {
  const { client } = cluster;
  const ref = await apply();
  const refused = await eventuallyOne(
    client,
    workspaces,
    ref,
    ({ status }) => status?.rootCause?.message.includes(message) === true,
  );
  const { rootCause, conditions, state } = refused.status!;
  expect(rootCause?.remedy).not.toBe('');
  expect(isTrue(conditions, 'ResourceReady')).toBe(false);
  expect(findCondition(conditions, 'NodeClaimReady')).toMatchObject({
    status: 'False',
    message: expect.stringContaining(message),
  });
  expect(state).not.toBe('Ready');
  const [claim, ...others] = await claimsOf(ref.namespace);
  expect(others).toEqual([]);

  await stopProvisioner();
  stopProvisioner = provision(false);
  await eventuallyOne(client, workspaces, ref, isSettled);
  expect((await claimsOf(ref.namespace)).map(({ metadata }) => metadata.uid)).toEqual([claim!.metadata.uid]);
  await client.delete(workspaces, ref);
  await eventuallyGone(client, workspaces, ref);
  await stopProvisioner();
  stopProvisioner = provision(true);
});

test('a provisioner that gives up takes its claim back: another is asked for, under another name', async () => {
  const { client } = cluster;
  const ref = await apply();
  const isOf = (name: string | undefined) => name === ref.namespace;
  const mine = (all: Awaited<ReturnType<typeof claimsOf>>) =>
    all.filter(({ metadata }) => isOf(metadata.labels?.['kaito.sh/workspacenamespace']));
  const first = await eventually({ client, resource: nodeClaims }, (all) =>
    mine(all).find(({ status }) => (status?.conditions ?? []).length > 0),
  );
  await client.delete(nodeClaims, { name: first.metadata.name! });
  const second = await eventually({ client, resource: nodeClaims }, (all) =>
    mine(all).find(({ metadata }) => metadata.uid !== first.metadata.uid && metadata.deletionTimestamp === undefined),
  );
  expect(second.metadata.name).not.toBe(first.metadata.name);
  await client.delete(workspaces, ref);
  await eventuallyGone(client, workspaces, ref);
  expect(await claimsOf(ref.namespace)).toEqual([]);
});

test('a node that is there after all takes the place of a machine that cannot be had', async () => {
  const { client } = cluster;
  const ref = await apply();
  await eventuallyOne(client, workspaces, ref, ({ status }) => status?.rootCause?.message.includes(message) === true);
  const resources = { cpu: '24', memory: '220Gi', pods: '110', 'nvidia.com/gpu': '1' };
  const name = `spare-${ref.namespace}`;
  cluster.after(async () => void (await client.delete(nodes, { name })));
  await client.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        apps: ref.namespace,
        'node.kubernetes.io/instance-type': 'Standard_NC24ads_A100_v4',
        'kubernetes.io/hostname': name,
      },
    },
    status: { capacity: resources, allocatable: resources },
  });
  const ready = await eventuallyOne(client, workspaces, ref, isSettled);
  expect(ready.status?.workerNodes).toEqual([name]);
  await client.delete(workspaces, ref);
  await eventuallyGone(client, workspaces, ref);
  expect(await claimsOf(ref.namespace)).toEqual([]);
  // It is not KAITO's.
  expect((await client.get(nodes, { name })).metadata.deletionTimestamp).toBeUndefined();
});
