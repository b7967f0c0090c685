import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isTrue, type Workspace } from '@kaito/api';
import { ApiError, deployments, type KubeObject, pods, resourceQuotas, silentLogger, systemClock } from '@kaito/kube';
import { eventuallyGone, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { workspaces } from '../../../cache/resources.ts';
import { kaitoCluster } from '../../../testing/cluster.ts';
import { startOperator } from '../../../testing/operator.ts';
import { runProvisioner } from '../../../testing/provisioner.ts';
import { faultOf } from './fault-of.ts';
import { gather } from './gather.ts';
import { statusOf } from './status-of.ts';
import { cachesOf, type World } from './testing/caches.ts';
import { aPlan } from './testing/objects.ts';
import { writeStatus } from './write-status.ts';

const run = promisify(execFile);
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await kaitoCluster();
});

afterAll(() => cluster.close());

const manifest = `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: demo
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector:
    matchLabels:
      apps: phi
inference:
  preset:
    name: phi-2
`;
const labels = { 'kaito.sh/workspace': 'demo' };
const containers = [{ name: 'demo', image: 'registry.example/none:1' }];

async function created(): Promise<{ readonly workspace: Live<Workspace>; readonly namespace: string }> {
  const namespace = await cluster.namespace();
  await cluster.applyYaml(manifest, namespace);
  return { workspace: await cluster.client.get(workspaces, { namespace, name: 'demo' }), namespace };
}

const aPod = (namespace: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'demo-0', namespace, labels },
  spec: { containers, ...spec },
});

/** What is said of the Workspace in this world, a minute from now. */
function causeIn(workspace: Live<Workspace>, world: World) {
  const plan = aPlan();
  const evidence = gather({ workspace, plan, caches: cachesOf(world) });
  return statusOf({ workspace, plan, evidence, now: new Date(Date.now() + 60_000) }).status.rootCause;
}

test('the whole status passes the schema, is read back as it was written, and explains itself in the wide form', async () => {
  const { workspace, namespace } = await created();
  const placement = { ...aPlan().placement!, machinesWanted: 0 };
  const plan = aPlan({ workspace: { name: 'demo', namespace }, placement });
  const nodes = {
    nodes: { wanted: 1, ready: [] },
    workerNodes: [],
    claims: [{ ordinal: 0, attempt: 0, name: 'ws012345678' }],
    faults: [],
  };
  const caches = cachesOf({ workspaces: [workspace] });
  const evidence = gather({ workspace, plan, nodes, caches });
  const { status } = statusOf({ workspace, plan, evidence, nodes, revision: 'demo-12345', now: new Date() });
  const deps = { client: cluster.client, caches };
  const written = await writeStatus(deps, workspace, status);
  expect(written?.status).toEqual(status);
  expect(await writeStatus(deps, written!, status)).toBe(written);

  const { stdout } = await run('kubectl', ['get', 'workspaces', '-n', namespace, '-o', 'wide']);
  const [header, row] = stdout.split('\n');
  for (const column of ['STATE', 'MODEL', 'CAUSE', 'ENDPOINT', 'MESSAGE']) expect(header).toContain(column);
  expect(row).toMatch(/Pending .* phi-2 .* NodesMissing .* 0 of 1 nodes are ready .* Remedy: .* kubectl label node/);
});

test('two writers of the status lose nothing of each other', async () => {
  const { workspace, namespace } = await created();
  const time = '2026-01-01T00:00:00Z';
  const theirs = {
    type: 'BenchmarkCompleted',
    status: 'True' as const,
    reason: 'Done',
    message: '',
    lastTransitionTime: time,
  };
  const ref = { namespace, name: 'demo' };
  const body = { status: { conditions: [theirs], workerNodes: ['theirs'] } };
  await cluster.client.patch(workspaces, ref, { type: 'merge', body }, { subresource: 'status' });
  const ours = { ...theirs, type: 'WorkspaceReady' };
  const deps = { client: cluster.client, caches: cachesOf({ workspaces: [workspace] }) };
  const written = await writeStatus(deps, workspace, { state: 'Ready', conditions: [ours] });
  expect(written?.status).toEqual({ state: 'Ready', conditions: [ours, theirs], workerNodes: ['theirs'] });
});

test('what the scheduler of this Kubernetes says is understood', async () => {
  const { workspace, namespace } = await created();
  await cluster.client.create(pods, aPod(namespace, { nodeSelector: { nobody: 'has-this' } }) as never);
  const stuck = await eventuallyOne(
    cluster.client,
    pods,
    { namespace, name: 'demo-0' },
    ({ status }) => status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true,
  );
  expect(causeIn(workspace, { pods: [stuck] })).toMatchObject({
    code: 'Unschedulable',
    message: expect.stringMatching(/no node carries the labels|the cluster has no node/) as string,
    needs: 'person',
  });
});

test("what this Kubernetes says of a quota is understood, from a call and from a Deployment's status", async () => {
  const { workspace, namespace } = await created();
  const quota = 'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none}\nspec: {hard: {pods: "0"}}\n';
  await cluster.applyYaml(quota, namespace);
  await eventuallyOne(
    cluster.client,
    resourceQuotas,
    { namespace, name: 'none' },
    ({ status }) => status?.hard !== undefined,
  );
  const refused: unknown = await cluster.client.create(pods, aPod(namespace) as never).catch((error: unknown) => error);
  expect(faultOf(refused, 'create Pod demo-0')).toMatchObject({ code: 'NamespaceQuotaExceeded', kind: 'terminal' });

  await cluster.apply(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'demo' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    } as KubeObject,
    namespace,
  );
  const failing = await eventuallyOne(
    cluster.client,
    deployments,
    { namespace, name: 'demo' },
    ({ status }) => status?.conditions?.some(({ type }) => type === 'ReplicaFailure') === true,
  );
  expect(causeIn(workspace, { deployments: [failing] })?.code).toBe('NamespaceQuotaExceeded');
});

test('what this Kubernetes says of a missing right is understood', async () => {
  const namespace = await cluster.namespace();
  const user = `system:serviceaccount:${namespace}:default`;
  const create = ['create', 'deployment', 'x', '--image=x', '-n', namespace, `--as=${user}`];
  const said = await run('kubectl', create).then(
    () => '',
    ({ stderr }: { readonly stderr: string }) => stderr,
  );
  const refused = new ApiError({ code: 403, reason: 'Forbidden', message: said }, 'POST');
  expect(faultOf(refused, 'create Deployment x')).toMatchObject({
    code: 'MissingRight',
    message: `cannot create Deployment x: ${user} may not create deployments.apps in namespace ${namespace}`,
  });
});

test('from apply to Ready with instant nodes, at most four writes of the status', async () => {
  let writes = 0;
  const namespace = await cluster.namespace();
  const ref = { namespace, name: 'demo' };
  const end = new AbortController();
  const shared = { client: cluster.client, clock: systemClock, logger: silentLogger };
  const provisioner = runProvisioner(shared, end.signal);
  const operator = await startOperator({
    config: cluster.config,
    intercept: async (call, send) => {
      if (call.method === 'PATCH' && call.path.includes(`/${namespace}/workspaces/demo/status`)) writes += 1;
      return await send();
    },
  });
  try {
    await cluster.applyYaml(manifest, namespace);
    await eventuallyOne(cluster.client, workspaces, ref, ({ status }) => isTrue(status?.conditions, 'WorkspaceReady'));
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThanOrEqual(4);
    await cluster.client.delete(workspaces, ref);
    await eventuallyGone(cluster.client, workspaces, ref);
  } finally {
    await operator.stop();
    end.abort();
    await provisioner;
  }
});
