import { isTrue, type Workspace, workspaceUIDAnnotation } from '@kaito/api';
import { type KubeObject, deployments, pods, services, statefulSets } from '@kaito/kube';
import { eventually, eventuallyGone, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { nodeClaims, workspaces } from '../../../cache/resources.ts';
import { kaitoCluster } from '../../../testing/cluster.ts';
import { type RunningOperator, startOperator } from '../../../testing/operator.ts';

let cluster: TestCluster;
let operator: RunningOperator;

beforeAll(async () => {
  cluster = await kaitoCluster({ machines: true });
  operator = await startOperator({ config: cluster.config });
});

afterAll(async () => {
  await cluster.close();
  await operator.stop();
});

/** The seed's manifest. */
const seed = `
apiVersion: kaito.sh/v1alpha1
kind: Workspace
metadata:
  name: workspace-mistral-7b-instruct
resource:
  instanceType: "Standard_NC64as_T4_v3"
  labelSelector:
    matchLabels:
      apps: mistral-7b-instruct
inference:
  preset:
    name: "mistral-7b-instruct"
    presetOptions:
      image: kaitolab.azurecr.io/mistral-7b-instruct:0.0.2
`;

const ready = (workspace: Live<Workspace>): boolean => isTrue(workspace.status?.conditions, 'WorkspaceReady');

async function apply(yaml: string): Promise<{ readonly namespace: string; readonly name: string }> {
  const namespace = await cluster.namespace();
  const [object] = await cluster.applyYaml(yaml, namespace);
  return { namespace, name: object!.metadata.name! };
}

const claimsOf = async (namespace: string): Promise<readonly KubeObject[]> =>
  (await cluster.client.list(nodeClaims, { labelSelector: `kaito.sh/workspacenamespace=${namespace}` })).items;

describe("the seed's Workspace", () => {
  test('gets a machine, a Service and a server of its private image, and gives all back', async () => {
    const ref = await apply(seed);
    const workspace = await eventuallyOne(cluster.client, workspaces, ref, ready);
    const [claim, ...more] = await claimsOf(ref.namespace);
    expect(more).toEqual([]);
    expect(claim?.metadata.annotations?.[workspaceUIDAnnotation]).toBe(workspace.metadata.uid);
    expect(workspace.status).toMatchObject({
      state: 'Ready',
      workerNodes: [`aks-${claim!.metadata.name}-12345678-vmss000000`],
      plan: { model: 'mistral-7b-instruct', image: 'kaitolab.azurecr.io/mistral-7b-instruct:0.0.2' },
    });
    expect(workspace.status?.rootCause).toBeUndefined();
    const service = await cluster.client.get(services, ref);
    expect(service.spec).toMatchObject({
      type: 'ClusterIP',
      ports: [{ port: 80, targetPort: 5000 }, { port: 29_500 }],
    });
    const deployment = await cluster.client.get(deployments, ref);
    expect(deployment.spec?.template.spec?.containers).toMatchObject([
      { name: ref.name, image: 'kaitolab.azurecr.io/mistral-7b-instruct:0.0.2' },
    ]);

    await cluster.client.delete(workspaces, ref);
    await eventuallyGone(cluster.client, workspaces, ref);
    expect(await claimsOf(ref.namespace)).toEqual([]);
  });

  test('is left alone by an operator that starts anew', async () => {
    const ref = await apply(seed);
    await eventuallyOne(cluster.client, workspaces, ref, ready);
    await operator.stop();
    const writes: string[] = [];
    operator = await startOperator({
      config: cluster.config,
      intercept: async (call, send) => {
        if (!['GET', 'HEAD'].includes(call.method)) writes.push(`${call.method} ${call.path}`);
        return await send();
      },
    });
    // A Workspace made after the start is Ready: the others have been looked at before it.
    const later = await apply(seed);
    await eventuallyOne(cluster.client, workspaces, later, ready);
    expect(writes.filter((write) => write.includes(ref.namespace))).toEqual([]);
  });

  test('rolls when it is changed, and what is changed by hand is put back', async () => {
    const ref = await apply(seed);
    await eventuallyOne(cluster.client, workspaces, ref, ready);
    const before = await cluster.client.get(deployments, ref);
    await cluster.client.patch(deployments, ref, { type: 'merge', body: { spec: { replicas: 3 } } });
    await cluster.client.patch(deployments, ref, {
      type: 'strategic',
      body: { spec: { template: { spec: { containers: [{ name: 'stowaway', image: 'registry.example/x:1' }] } } } },
    });
    const repaired = await eventuallyOne(
      cluster.client,
      deployments,
      ref,
      ({ metadata, spec }) =>
        (metadata.generation ?? 0) > before.metadata.generation! + 1 &&
        spec?.replicas === 1 &&
        spec.template.spec?.containers.length === 1,
    );
    expect(repaired.spec?.template).toEqual(before.spec?.template);

    const annotations = { 'kaito.sh/enablelb': 'True' };
    await cluster.client.patch(workspaces, ref, { type: 'merge', body: { metadata: { annotations } } });
    await eventuallyOne(cluster.client, services, ref, ({ spec }) => spec?.type === 'LoadBalancer');
  });
});

test('a distributed model has its ranks on machines of their own', async () => {
  const ref = await apply(`
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: llama}
resource: {count: 2, instanceType: Standard_NC96ads_A100_v4, labelSelector: {matchLabels: {apps: llama}}}
inference: {preset: {name: llama-2-70b-chat, presetOptions: {image: "registry.example/llama:1"}}}
`);
  await eventuallyOne(cluster.client, workspaces, ref, ready);
  expect((await cluster.client.get(statefulSets, ref)).spec).toMatchObject({ replicas: 2 });
  const { items } = await cluster.client.list(pods, { namespace: ref.namespace });
  expect(new Set(items.map(({ spec }) => spec?.nodeName)).size).toBe(2);
});

test('a GGUF model runs on a machine without GPUs', async () => {
  const ref = await apply(`
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: small}
resource: {instanceType: Standard_D8s_v5, labelSelector: {matchLabels: {apps: small}}}
inference: {preset: {name: smollm2-135m-instruct}}
`);
  await eventuallyOne(cluster.client, workspaces, ref, ready);
  const [claim] = await claimsOf(ref.namespace);
  expect((claim as unknown as { spec: { taints?: unknown } }).spec.taints).toBeUndefined();
});

test('a Workspace that names no machine type waits for nodes, and rents none', async () => {
  const ref = await apply(`
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: existing}
resource: {labelSelector: {matchLabels: {apps: nothing-has-this-label}}}
inference: {preset: {name: smollm2-135m-instruct}}
`);
  const waiting = await eventually({ client: cluster.client, resource: workspaces, namespace: ref.namespace }, (all) =>
    all.find(({ status }) => status?.rootCause !== undefined),
  );
  expect(waiting.status?.conditions?.map(({ type }) => type)).not.toContain('NodeClaimReady');
  expect(await claimsOf(ref.namespace)).toEqual([]);
  await cluster.client.delete(workspaces, ref);
  await eventuallyGone(cluster.client, workspaces, ref);
});

test('an object of the same name that is not ours is left alone, and named', async () => {
  const namespace = await cluster.namespace();
  const theirs = `
apiVersion: v1
kind: Service
metadata: {name: workspace-mistral-7b-instruct}
spec: {ports: [{port: 1}]}
`;
  await cluster.applyYaml(theirs, namespace);
  const [object] = await cluster.applyYaml(seed, namespace);
  const ref = { namespace, name: object!.metadata.name! };
  const told = await eventuallyOne(
    cluster.client,
    workspaces,
    ref,
    ({ status }) => status?.rootCause?.code === 'NameTaken',
  );
  expect(told.status?.rootCause?.remedy).toContain(`kubectl delete service ${ref.name} -n ${namespace}`);
  expect((await cluster.client.get(services, ref)).spec?.ports).toMatchObject([{ port: 1 }]);
  await cluster.client.delete(services, ref);
  await eventuallyOne(cluster.client, workspaces, ref, ready);
});
