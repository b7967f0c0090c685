import { isTrue, type NodeClaim } from '@kaito/api';
import { deployments, type Intercept, namespaces, nodes } from '@kaito/kube';
import { eventually, eventuallyGone, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Live } from '../cache/caches.ts';
import { nodeClaims, workspaces } from '../cache/resources.ts';
import { kaitoCluster } from '../testing/cluster.ts';
import { type RunningOperator, startOperator } from '../testing/operator.ts';

let cluster: TestCluster;
let operator: RunningOperator;
/** Called with each changing call of the operator, e.g. `POST /apis/…`, after it is done. */
let done: (call: string) => Promise<void> | void = () => {};

const intercept: Intercept = async (call, send) => {
  const answer = await send();
  if (call.method !== 'GET') await done(`${call.method} ${call.path.replace(/\?.*/, '')}`);
  return answer;
};

beforeAll(async () => {
  cluster = await kaitoCluster({ machines: true });
  operator = await startOperator({ config: cluster.config, intercept });
});

afterAll(async () => {
  await cluster.close();
  await operator.stop();
});

const phi = (name: string, type = 'Standard_NC24ads_A100_v4', apps = name): string => `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: ${name}}
resource: {instanceType: "${type}", labelSelector: {matchLabels: {apps: ${apps}}}}
inference: {preset: {name: phi-2, presetOptions: {image: "registry.example/phi:1"}}}
`;

async function ready(namespace: string, name: string): Promise<void> {
  await eventuallyOne(cluster.client, workspaces, { namespace, name }, ({ status }) =>
    isTrue(status?.conditions, 'WorkspaceReady'),
  );
}

async function noClaims(namespace: string): Promise<void> {
  const isOf = ({ metadata }: Live<NodeClaim>): boolean =>
    metadata.labels?.['kaito.sh/workspacenamespace'] === namespace;
  await eventually({ client: cluster.client, resource: nodeClaims }, (all) => !all.some(isOf));
}

test.each([
  ['its revision', /POST .*\/controllerrevisions$/],
  ['its finalizer', /PATCH .*\/workspaces\/phi$/],
  ['its Service', /POST .*\/services$/],
  ['its NodeClaim', /POST .*\/nodeclaims$/],
  ['the label of its node', /PATCH .*\/nodes\//],
  ['its workload', /POST .*\/deployments$/],
])('deleted right after %s was made, it leaves nothing', async (_, call) => {
  const { client } = cluster;
  const namespace = await cluster.namespace();
  const ref = { namespace, name: 'phi' };
  const deleted = new Promise<void>((resolve, reject) => {
    done = async (made) => {
      if (!call.test(made)) return;
      done = () => {};
      await client.delete(workspaces, ref).then(() => resolve(), reject);
    };
  });
  await cluster.applyYaml(phi('phi'), namespace);
  await deleted;
  await eventuallyGone(client, workspaces, ref);
  await eventually({ client, resource: deployments, namespace }, (all) => all.length === 0);
  await noClaims(namespace);
});

test('its namespace deleted, it gives its machine back', async () => {
  const { client } = cluster;
  const namespace = await cluster.namespace();
  await cluster.applyYaml(phi('phi'), namespace);
  await ready(namespace, 'phi');
  await client.delete(namespaces, { name: namespace });
  await eventuallyGone(client, workspaces, { namespace, name: 'phi' });
  await noClaims(namespace);
});

test('its node deleted, it gets another machine and runs there', async () => {
  const { client } = cluster;
  const namespace = await cluster.namespace();
  const ref = { namespace, name: 'phi' };
  await cluster.applyYaml(phi('phi'), namespace);
  await ready(namespace, 'phi');
  const [lost] = (await client.get(workspaces, ref)).status!.workerNodes!;
  await client.delete(nodes, { name: lost! });
  await eventuallyOne(
    client,
    workspaces,
    ref,
    ({ status }) => isTrue(status?.conditions, 'WorkspaceReady') && status?.workerNodes?.[0] !== lost,
  );
  await client.delete(workspaces, ref);
  await eventuallyGone(client, workspaces, ref);
  await noClaims(namespace);
});

test('two that want one node: one has it, the other says so and has it next', async () => {
  const { client } = cluster;
  const namespace = await cluster.namespace();
  const gpus = { 'nvidia.com/gpu': '1', cpu: '24', memory: '220Gi', pods: '110', 'ephemeral-storage': '1Ti' };
  const name = `only-${namespace}`;
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { apps: namespace, 'kubernetes.io/hostname': name, 'node.kubernetes.io/instance-type': 'own' },
    },
    status: { capacity: gpus, allocatable: gpus },
  } as never);
  cluster.after(async () => void (await client.delete(nodes, { name })));
  await client.patch(
    nodes,
    { name },
    { type: 'merge', body: { status: { capacity: gpus, allocatable: gpus } } },
    { subresource: 'status' },
  );
  await cluster.applyYaml(phi('first', '', namespace), namespace);
  await ready(namespace, 'first');
  await cluster.applyYaml(phi('second', '', namespace), namespace);
  const waiting = await eventuallyOne(
    client,
    workspaces,
    { namespace, name: 'second' },
    ({ status }) => status?.rootCause !== undefined,
  );
  expect(waiting.status?.rootCause?.message).toContain(name);
  await client.delete(workspaces, { namespace, name: 'first' });
  await ready(namespace, 'second');
  expect((await client.get(workspaces, { namespace, name: 'second' })).status?.workerNodes).toEqual([name]);
  await client.delete(workspaces, { namespace, name: 'second' });
  await eventuallyGone(client, workspaces, { namespace, name: 'second' });
});
