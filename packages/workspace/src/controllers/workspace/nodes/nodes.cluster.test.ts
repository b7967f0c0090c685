import {
  acceleratorLabel,
  gpuResource,
  instanceTypeLabel,
  type NodeClaim,
  nodeClaimName,
  type Workspace,
  workspaceLabel,
  workspaceUIDAnnotation,
} from '@kaito/api';
import {
  createClient,
  createInformer,
  isNotFound,
  nodes,
  pods,
  resource,
  silentLogger,
  systemClock,
} from '@kaito/kube';
import { eventually, eventuallyGone, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import type { Node } from 'kubernetes-types/core/v1.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { nodeClaims, workspaces } from '../../../cache/resources.ts';
import { ensureNodes } from './ensure-nodes.ts';
import { type NodeOperator, startNodeOperator } from './testing/node-operator.ts';
import { existingOnly, gpuType, pod, planOf, workspace, type WorkspaceFields } from './testing/world.ts';
import { kaitoCluster } from '../../../testing/cluster.ts';

let cluster: TestCluster;
let namespace: string;
let operator: NodeOperator;
let made: string[];

beforeAll(async () => {
  cluster = await kaitoCluster();
});

afterAll(async () => {
  await cluster.close();
});

beforeEach(async () => {
  made = [];
  namespace = await cluster.namespace();
  operator = await startNodeOperator(cluster.newClient(), namespace);
});

afterEach(async () => {
  for (const { metadata } of (await cluster.client.list(workspaces, { namespace })).items) {
    const ref = { namespace, name: metadata.name! };
    await cluster.client.delete(workspaces, ref).catch(gone);
    await eventuallyGone(cluster.client, workspaces, ref);
  }
  await operator.stop();
  for (const name of made) await cluster.client.delete(nodes, { name }).catch(gone);
});

function gone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

/** Labels of this test alone, as the nodes of all tests are in one cluster. */
const labels = () => ({ apps: namespace });

async function apply(name: string, fields: WorkspaceFields = {}): Promise<Live<Workspace>> {
  const { metadata: _, ...rest } = workspace(name, { namespace, labels: labels(), ...fields });
  return await cluster.client.create(workspaces, { ...rest, metadata: { name, namespace } });
}

const onExisting = (name: string, fields: WorkspaceFields = {}) => apply(name, { instanceType: '', ...fields });

/** A node that the lab keeps Ready. */
async function addNode(
  name: string,
  fields: { readonly gpus?: number; readonly labels?: Record<string, string> } = {},
): Promise<string> {
  const full = `${namespace}-${name}`;
  const resources = { cpu: '64', memory: '512Gi', pods: '110', [gpuResource]: String(fields.gpus ?? 1) };
  const node: Live<Node> = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: full,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { ...labels(), 'kubernetes.io/os': 'linux', [instanceTypeLabel]: gpuType, ...fields.labels },
    },
    status: { capacity: resources, allocatable: resources, phase: 'Running' },
  };
  await cluster.client.create(nodes, node);
  made.push(full);
  return full;
}

/** What a provisioner would do for a claim. */
async function fulfil(claim: Live<NodeClaim>): Promise<string> {
  const name = await addNode(claim.metadata.name!, { labels: { ...claim.metadata.labels } });
  const conditions = ['Launched', 'Registered', 'Initialized', 'Ready'].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }));
  const body = { status: { nodeName: name, providerID: `fake://${name}`, conditions } };
  await cluster.client.patch(
    nodeClaims,
    { name: claim.metadata.name! },
    { type: 'merge', body },
    { subresource: 'status' },
  );
  return name;
}

const claimsOf = (predicate: (claims: readonly Live<NodeClaim>[]) => boolean) =>
  eventually(
    { client: cluster.client, resource: nodeClaims, labelSelector: `kaito.sh/workspacenamespace=${namespace}` },
    (claims) => predicate(claims) && claims,
  );

const has = (name: string, ...workers: readonly string[]) =>
  eventuallyOne(
    cluster.client,
    workspaces,
    { namespace, name },
    ({ status }) => JSON.stringify(status?.workerNodes) === JSON.stringify(workers.toSorted()),
  );

describe('machines', () => {
  test('are asked for, come, and go with the Workspace; others’ claims stay', async () => {
    const one = await apply('phi', { count: 2 });
    const claims = await claimsOf(({ length }) => length === 2);
    expect(claims.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      [0, 1].map((ordinal) => nodeClaimName({ workspaceUID: one.metadata.uid!, ordinal, attempt: 0 })).toSorted(),
    );
    const names = await Promise.all(claims.map(fulfil));
    await has('phi', ...names);
    expect(operator.last('phi')).toMatchObject({
      nodes: { wanted: 2, ready: names.toSorted() },
      faults: [],
    });
    const labelled = await eventuallyOne(
      cluster.client,
      nodes,
      { name: names[0]! },
      ({ metadata }) => metadata.labels?.[acceleratorLabel] === 'nvidia',
    );
    expect(labelled.metadata.labels).toMatchObject({ [workspaceLabel]: 'phi', ...labels() });

    const { metadata, spec } = claims[0]!;
    const foreign = {
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodeClaim',
      spec,
      metadata: { name: `${namespace}-go`, labels: metadata.labels! },
    } as const;
    await cluster.client.create(nodeClaims, foreign as Live<NodeClaim>);
    await cluster.client.delete(workspaces, { namespace, name: 'phi' });
    await eventuallyGone(cluster.client, workspaces, { namespace, name: 'phi' });
    expect((await claimsOf(() => true)).map((claim) => claim.metadata.name)).toEqual([`${namespace}-go`]);
    await cluster.client.delete(nodeClaims, { name: `${namespace}-go` });
  });

  test('one that somebody deletes is asked for under the next name, which the status has had before', async () => {
    const one = await apply('phi');
    const [claim] = await claimsOf(({ length }) => length === 1);
    await fulfil(claim!);
    await cluster.client.delete(nodes, { name: made[0]! });
    await cluster.client.delete(nodeClaims, { name: claim!.metadata.name! });
    const name = nodeClaimName({ workspaceUID: one.metadata.uid!, ordinal: 0, attempt: 1 });
    const [second] = await claimsOf((claims) => claims.length === 1 && claims[0]!.metadata.name === name);
    const { status } = await cluster.client.get(workspaces, { namespace, name: 'phi' });
    expect(status?.nodeClaims).toEqual([{ ordinal: 0, attempt: 1, name }]);
    expect(second!.metadata.annotations?.[workspaceUIDAnnotation]).toBe(one.metadata.uid);
  });

  test('one whose claim stays while its node vanishes is replaced', async () => {
    const one = await apply('phi');
    const [claim] = await claimsOf(({ length }) => length === 1);
    const name = await fulfil(claim!);
    await has('phi', name);
    await cluster.client.delete(nodes, { name });
    const claims = await claimsOf(({ length }) => length === 2);
    expect(claims.map(({ metadata }) => metadata.name)).toContain(
      nodeClaimName({ workspaceUID: one.metadata.uid!, ordinal: 0, attempt: 1 }),
    );
  });
});

describe('existing nodes', () => {
  test('are used when they come, once their plugin has announced GPUs; the label is put on them', async () => {
    await onExisting('phi');
    const name = await addNode('late', { gpus: 0 });
    await eventuallyOne(
      cluster.client,
      nodes,
      { name },
      ({ metadata }) => metadata.labels?.[acceleratorLabel] === 'nvidia',
    );
    await has('phi', name);
    await operator.found(
      'phi',
      ({ nodes: { ready, withoutPlugin } }) => ready.length === 0 && withoutPlugin?.[0] === name,
    );
    const announced = { [gpuResource]: '1' };
    await cluster.client.patch(
      nodes,
      { name },
      { type: 'merge', body: { status: { capacity: announced, allocatable: announced } } },
      { subresource: 'status' },
    );
    const outcome = await operator.found('phi', (found) => found.nodes.ready.length === 1);
    expect(outcome.nodes).toEqual({ wanted: 1, ready: [name] });
  });

  test('one node, two Workspaces: one has it, the other says so and gets it when the first is deleted', async () => {
    const name = await addNode('only');
    await onExisting('first');
    await has('first', name);
    await onExisting('second');
    await has('second');
    await operator.idle();
    expect(operator.last('second')?.faults).toMatchObject([
      {
        code: 'NotEnoughNodes',
        message: expect.stringContaining(`${name} has no GPU left beside Workspace ${namespace}/first`),
      },
    ]);
    await cluster.client.delete(workspaces, { namespace, name: 'first' });
    await has('second', name);
    expect(await claimsOf(() => true)).toEqual([]);
  });

  test('a node whose GPU another’s pod holds is free when that pod ends', async () => {
    const name = await addNode('shared');
    const { metadata, spec } = pod('other-0', existingOnly('other', { namespace }), name);
    const containers = (spec?.containers ?? []).map((container) => ({ ...container, image: 'registry.example/x:1' }));
    const ref = { namespace, name: metadata.name! };
    await cluster.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, namespace },
      spec: { ...spec, containers },
    });
    await eventually(operator.deps.caches.pods, (all) => all.some((each) => each.metadata.namespace === namespace));
    await onExisting('phi');
    await has('phi');
    await cluster.client.delete(pods, ref, { gracePeriodSeconds: 0 });
    await has('phi', name);
  });

  test('a heartbeat wakes nobody', async () => {
    const name = await addNode('quiet');
    await onExisting('phi');
    await has('phi', name);
    await operator.idle();
    const before = operator.last('phi');
    const seen = operator.deps.caches.nodes.get({ name })!.metadata.resourceVersion;
    const conditions = (await cluster.client.get(nodes, { name })).status!.conditions!.map((condition) => ({
      ...condition,
      lastHeartbeatTime: '2031-01-01T00:00:00Z',
    }));
    await cluster.client.patch(
      nodes,
      { name },
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    await eventually(operator.deps.caches.nodes, (all) =>
      all.some((each) => each.metadata.name === name && each.metadata.resourceVersion !== seen),
    );
    await operator.idle();
    expect(operator.last('phi')).toBe(before);
  });
});

describe('refusals', () => {
  test('a missing right is a fault that says how to check it', async () => {
    const nobody = createClient(
      { ...cluster.config, impersonate: { user: 'nobody' } },
      { clock: systemClock, logger: silentLogger, userAgent: 'test' },
    );
    const one = await cluster.client.create(workspaces, {
      ...workspace('phi'),
      metadata: { name: 'phi', namespace: await cluster.namespace() },
    });
    const outcome = await ensureNodes({
      workspace: one,
      plan: planOf(one),
      deps: { ...operator.deps, client: nobody },
    });
    nobody.close();
    expect(outcome.faults).toMatchObject([
      {
        code: 'MissingRight',
        kind: 'terminal',
        message: expect.stringContaining('User "nobody" cannot create resource "nodeclaims"'),
        remedy: expect.stringContaining('kubectl auth can-i create nodeclaims.karpenter.sh'),
      },
    ]);
    expect(outcome.claims).toEqual([]);
    await cluster.client.delete(workspaces, { namespace: one.metadata.namespace!, name: 'phi' });
  });

  test('a NodeClaim that the schema refuses is a fault with the server’s words', async () => {
    const elsewhere = await cluster.namespace();
    const one = await cluster.client.create(workspaces, {
      ...workspace('phi'),
      metadata: { name: 'phi', namespace: elsewhere },
    });
    const plan = planOf(one);
    const nodeSelector = { 'not a label!': 'x' };
    const outcome = await ensureNodes({
      workspace: one,
      plan: { ...plan, placement: { ...plan.placement!, nodeSelector } },
      deps: operator.deps,
    });
    expect(outcome.faults).toMatchObject([
      { code: 'RefusedByApiServer', kind: 'terminal', message: expect.stringContaining('not a label!') },
    ]);
    await cluster.client.delete(workspaces, { namespace: elsewhere, name: 'phi' });
  });

  test('a cluster without NodeClaims says what to install', async () => {
    const absent = resource<Live<NodeClaim>>({
      group: 'absent.example',
      version: 'v1',
      kind: 'NodeClaim',
      namespaced: false,
    });
    const client = cluster.newClient();
    const informer = createInformer({
      client,
      clock: systemClock,
      logger: silentLogger,
      resource: absent,
      optional: true,
      indexes: { workspace: () => [] },
    });
    const end = new AbortController();
    const running = informer.run(end.signal);
    await informer.whenSynced();
    const elsewhere = await cluster.namespace();
    const one = await cluster.client.create(workspaces, {
      ...workspace('phi'),
      metadata: { name: 'phi', namespace: elsewhere },
    });
    const deps = { ...operator.deps, caches: { ...operator.deps.caches, nodeClaims: informer } };
    const outcome = await ensureNodes({ workspace: one, plan: planOf(one), deps });
    expect(outcome.faults).toMatchObject([
      { code: 'NodeClaimsNotInstalled', remedy: expect.stringContaining('kubectl get crd') },
    ]);
    end.abort();
    await running;
    await cluster.client.delete(workspaces, { namespace: elsewhere, name: 'phi' });
  });
});
