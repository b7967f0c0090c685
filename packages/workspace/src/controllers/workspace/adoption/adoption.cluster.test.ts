import {
  findCondition,
  instanceTypeLabel,
  isTrue,
  type NodeClaim,
  type Workspace,
  workspaceFinalizer,
  workspaceLabel,
} from '@kaito/api';
import {
  controllerReference,
  deployments,
  firstDifference,
  type KubeObject,
  replicaSets,
  services,
  silentLogger,
  systemClock,
} from '@kaito/kube';
import { eventuallyGone, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { createCaches } from '../../../cache/create-caches.ts';
import { nodeClaims, workspaces } from '../../../cache/resources.ts';
import { kaitoCluster } from '../../../testing/cluster.ts';
import { startOperator } from '../../../testing/operator.ts';
import { runProvisioner } from '../../../testing/provisioner.ts';
import { catalog, madeFor, options, planOf, workspace } from '../nodes/testing/world.ts';
import { ensureNodes, NodeLedger, releaseNodes } from '../nodes/index.ts';
import { adopt as takeOver, lookForMadeElsewhere } from './index.ts';

const imageOf = ({ spec }: Live<Deployment>): string => spec?.template.spec?.containers[0]?.image ?? '';
const adopt = { 'kaito.sh/adopt': 'true' };
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await kaitoCluster();
});

afterAll(async () => {
  await cluster.close();
});

/** What KAITO v0.2 leaves behind: a Deployment and a Service without labels, a NodeClaim with a random name. */
async function goMade(namespace: string, annotations: Record<string, string> = {}): Promise<Live<Workspace>> {
  const { client } = cluster;
  const one = await client.create(workspaces, {
    ...workspace('phi'),
    metadata: { name: 'phi', namespace, finalizers: [workspaceFinalizer], annotations },
  });
  const metadata = { name: 'phi', namespace, ownerReferences: [controllerReference(one)] };
  const matchLabels = { [workspaceLabel]: 'phi' };
  await client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels },
      template: {
        metadata: { labels: matchLabels },
        spec: { containers: [{ name: 'phi', image: 'registry.example/phi:1' }] },
      },
    },
  });
  await client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: matchLabels, ports: [{ name: 'http', port: 80, targetPort: 5000 }] },
  });
  await client.create(nodeClaims, {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name: `${namespace}-go`, labels: { ...madeFor(one), apps: 'model' } },
    spec: {
      nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
      requirements: [
        { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
        { key: instanceTypeLabel, operator: 'In', values: [one.resource!.instanceType!] },
      ],
    },
  } satisfies Live<NodeClaim>);
  return one;
}

test('what a Go KAITO made is taken over: no pod made anew, no machine asked for, all of it goes with the Workspace', async () => {
  const namespace = await cluster.namespace();
  const one = await goMade(namespace, adopt);
  const { client } = cluster;
  const ref = { namespace, name: 'phi' };
  const before = await eventuallyOne(client, deployments, ref, ({ status }) => status?.observedGeneration === 1);
  const caches = createCaches({ client, clock: systemClock, logger: silentLogger });
  const end = new AbortController();
  const running = Promise.all(caches.all.map((cache) => cache.run(end.signal)));
  await Promise.all(caches.all.map((cache) => cache.whenSynced()));
  const recorder = { record: () => {}, flush: () => Promise.resolve() };
  const deps = {
    client,
    caches,
    catalog,
    clock: systemClock,
    ledger: new NodeLedger(),
    logger: silentLogger,
    neighbour: () => undefined,
    options,
    recorder,
  };

  const made = (await lookForMadeElsewhere(one, deps))!;
  const rendered = (await takeOver(one, made, deps))!;
  for (const object of [rendered.workload, ...rendered.services]) {
    const resource = object.kind === 'Service' ? services : deployments;
    const live: KubeObject = await client.get<KubeObject>(resource, ref);
    expect(firstDifference(object, live)).toBe(`metadata.labels`);
    await client.replace<KubeObject>(resource, {
      ...live,
      ...object,
      metadata: { ...live.metadata, ...object.metadata },
    } as KubeObject);
  }
  const after = await client.get(deployments, ref);
  expect(after.metadata.generation).toBe(before.metadata.generation);
  expect((await client.list(replicaSets, { namespace })).items).toHaveLength(1);

  const outcome = await ensureNodes({ workspace: one, plan: planOf(one), deps });
  expect(outcome.claims).toEqual([{ ordinal: 0, attempt: 0, name: `${namespace}-go` }]);
  const labelSelector = `kaito.sh/workspacenamespace=${namespace}`;
  expect((await client.list(nodeClaims, { labelSelector })).items).toHaveLength(1);
  expect(await releaseNodes(one, deps)).toEqual({ done: true, waitsFor: [] });
  await eventuallyGone(client, nodeClaims, { name: `${namespace}-go` });
  await client.patch(workspaces, ref, { type: 'merge', body: { metadata: { finalizers: null } } });
  await client.delete(workspaces, ref);
  end.abort();
  await running;
});

test('the operator makes nothing beside it, takes it over when told so, and holds what it would do differently', async () => {
  const namespace = await cluster.namespace();
  const ref = { namespace, name: 'phi' };
  const { client, config } = cluster;
  const end = new AbortController();
  const provisioner = runProvisioner({ client, clock: systemClock, logger: silentLogger }, end.signal);
  await goMade(namespace);
  const before = await eventuallyOne(client, deployments, ref, ({ status }) => status?.observedGeneration === 1);
  const writes: string[] = [];
  const operator = await startOperator({
    config,
    intercept: async (call, send) => {
      if (call.method !== 'GET' && call.path.includes(namespace) && !/status|events/.test(call.path))
        writes.push(`${call.method} ${call.path}`);
      return await send();
    },
  });
  const told = await eventuallyOne(client, workspaces, ref, ({ status }) =>
    isTrue(status?.conditions, 'ManagedElsewhere'),
  );
  expect(findCondition(told.status?.conditions, 'ManagedElsewhere')?.message).toContain(
    `which made Deployment phi, Service phi, NodeClaim ${namespace}-go; to take them over as they are: kubectl annotate workspace phi -n ${namespace} kaito.sh/adopt=true`,
  );
  expect(writes).toEqual([]);

  const annotate = async (annotations: Record<string, string>) =>
    await client.patch(workspaces, ref, { type: 'merge', body: { metadata: { annotations } } });
  await annotate(adopt);
  const held = await eventuallyOne(client, workspaces, ref, ({ status }) =>
    isTrue(status?.conditions, 'UpdateAvailable'),
  );
  expect(findCondition(held.status?.conditions, 'ManagedElsewhere')?.status).not.toBe('True');
  expect(held.status?.plan?.image).toBe('registry.example/phi:1');
  const labelSelector = `kaito.sh/workspacenamespace=${namespace}`;
  const claims = async () =>
    (await client.list(nodeClaims, { labelSelector })).items.map(({ metadata }) => metadata.name);
  expect(await claims()).toEqual([`${namespace}-go`]);
  const after = await client.get(deployments, ref);
  expect(after.spec).toEqual(before.spec);
  expect((await client.list(replicaSets, { namespace })).items).toHaveLength(1);

  await annotate({ 'kaito.sh/update': 'now' });
  await eventuallyOne(client, deployments, ref, (one) =>
    imageOf(one).startsWith('mcr.microsoft.com/aks/kaito/kaito-phi-2:'),
  );
  await eventuallyOne(client, workspaces, ref, ({ status }) => isTrue(status?.conditions, 'WorkspaceReady'));
  expect(await claims()).toEqual([`${namespace}-go`]);
  await client.delete(workspaces, ref);
  await eventuallyGone(client, workspaces, ref);
  expect(await claims()).toEqual([]);
  await operator.stop();
  end.abort();
  await provisioner;
});

test('a Workspace that is deleted before it is taken over goes only with a word on what was made for it', async () => {
  const namespace = await cluster.namespace();
  const ref = { namespace, name: 'phi' };
  const { client, config } = cluster;
  await goMade(namespace);
  const operator = await startOperator({ config });
  await client.delete(workspaces, ref);
  const told = await eventuallyOne(client, workspaces, ref, ({ status }) =>
    isTrue(status?.conditions, 'ManagedElsewhere'),
  );
  expect(told.metadata.deletionTimestamp).toBeDefined();
  await client.get(nodeClaims, { name: `${namespace}-go` });
  await client.patch(workspaces, ref, { type: 'merge', body: { metadata: { annotations: adopt } } });
  await eventuallyGone(client, workspaces, ref);
  await eventuallyGone(client, nodeClaims, { name: `${namespace}-go` });
  await operator.stop();
});
