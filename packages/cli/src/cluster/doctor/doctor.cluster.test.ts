import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instanceTypeLabel } from '@kaito/api';
import { leases, nodes, serviceAccounts } from '@kaito/kube';
import { type TestCluster, testCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from '../../../../workspace/src/testing/operator.ts';
import type { Check } from '../../doctor/check.ts';
import { Kaito } from '../../testing/kaito.ts';
import type { Cluster } from '../connect.ts';
import { nodeClaims, workspaces } from '../resources.ts';
import { machineChecks } from './machines.ts';

const crds = ['kaito.sh_workspaces.yaml', 'karpenter.sh_nodeclaims.yaml'].map(
  (file) => new URL(`../../../../../charts/kaito/files/crds/${file}`, import.meta.url).pathname,
);
const kaito = new Kaito();
let cluster: TestCluster;
let namespace: string;
let operator: Awaited<ReturnType<typeof startOperator>> | undefined;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
  await cluster.applyCrds(crds);
  operator = await startOperator({
    config: cluster.config,
    settings: { leaderElect: true, systemNamespace: namespace },
  });
});
afterAll(async () => {
  await kaito.dispose();
  await operator?.stop();
  await cluster.close();
});

interface Diagnosis {
  readonly code: number | null;
  readonly healthy: boolean;
  readonly of: (name: string) => readonly Check[];
}

async function doctor(...flags: string[]): Promise<Diagnosis> {
  const { code, out, err } = await kaito.run(['doctor', ...flags, '-n', namespace, '-o', 'json']);
  expect(err).toBe('');
  const { healthy, checks } = JSON.parse(out) as { healthy: boolean; checks: readonly Check[] };
  return { code, healthy, of: (name) => checks.filter((check) => check.name === name) };
}

test('a cluster on which Workspaces run', async () => {
  const seen = await doctor('--cluster');
  expect(seen).toMatchObject({ code: 0, healthy: true });
  for (const name of ['api server', 'kinds', 'rights', 'operator']) {
    expect(seen.of(name), name).toMatchObject([{ state: 'ok' }]);
  }
  expect(seen.of('operator')[0]!.found).toContain(`Lease ${namespace}/kaito-workspace`);
  expect(seen.of('webhook')).toMatchObject([{ state: 'warning', remedy: expect.stringContaining('webhook.enabled') }]);
  const { out } = await kaito.run(['doctor', '--cluster']);
  expect(out).toMatch(/✓ api server: +v1\.\d+/);
  expect(out).toContain('Workspaces can run on cluster');
  // It has left nothing behind.
  expect((await cluster.client.list(workspaces, { namespace })).items).toEqual([]);
});

test('a Workspace that waits for a person is told with what mends it', async () => {
  const manifest = [
    'apiVersion: kaito.sh/v1beta1',
    'kind: Workspace',
    'metadata: {name: stuck}',
    'resource: {instanceType: "", labelSelector: {matchLabels: {apps: no-such-node}}}',
    'inference: {preset: {name: phi-2}}',
  ];
  await cluster.applyYaml(manifest.join('\n'), namespace);
  const { client } = cluster;
  for await (const event of client.watch(workspaces, { namespace, sendInitialEvents: true }))
    if (event.type !== 'BOOKMARK' && event.object.status?.rootCause?.code === 'NotEnoughNodes') break;
  const seen = await doctor('--cluster');
  expect(seen.code).toBe(0);
  const [check] = seen.of(`${namespace}/stuck`);
  expect(check).toMatchObject({ state: 'warning', found: expect.stringContaining('apps=no-such-node') });
  expect(check?.remedy).toContain('kubectl label node');
});

test('who lacks a right is told which, and how it is granted', async () => {
  const { client, config } = cluster;
  const account = { namespace, name: 'nobody' };
  await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
  const { status } = (await client.raw('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/nobody/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  })) as { readonly status: { readonly token: string } };
  const file = join(kaito.directory, 'nobody.kubeconfig');
  const authority = Buffer.from(String(config.authorities())).toString('base64');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: config.server, 'certificate-authority-data': authority } }],
    users: [{ name: 'u', user: { token: status.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 });
  const seen = await doctor('--kubeconfig', file);
  expect(seen).toMatchObject({ code: 1, healthy: false });
  expect(seen.of('rights').map(({ state }) => state)).toEqual(['failed', 'warning', 'warning', 'warning']);
  expect(seen.of('rights')[0]).toMatchObject({
    found: expect.stringContaining('get, list, watch workspaces'),
    remedy: expect.stringContaining(`--serviceaccount=${namespace}:nobody`),
  });
  for (const name of ['operator', 'webhook', 'gpu nodes', 'provisioner', 'workspaces'])
    expect(seen.of(name), name).toMatchObject([{ state: 'warning', found: expect.stringContaining('not looked at') }]);

  writeFileSync(file, JSON.stringify(kubeconfig).replace(new URL(config.server).port, '1'));
  const gone = await doctor('--kubeconfig', file);
  expect(gone.code).toBe(1);
  expect(gone.of('api server')).toMatchObject([{ state: 'failed', found: expect.stringContaining('nothing listens') }]);
  expect(gone.of('rights')).toEqual([]);
});

test('machines that nobody makes, and nodes without a device plugin', async () => {
  const { client } = cluster;
  const name = `claim-${namespace}`;
  const spec = {
    nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
    requirements: [{ key: instanceTypeLabel, operator: 'In', values: ['Standard_NC24ads_A100_v4'] }],
  };
  const claim = { apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', metadata: { name }, spec };
  await client.create(nodeClaims, claim as never);
  cluster.after(async () => void (await client.delete(nodeClaims, { name })));
  const labels = { [instanceTypeLabel]: 'Standard_NC24ads_A100_v4' };
  const conditions = [{ type: 'Ready', status: 'True' }];
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status: { conditions } });
  cluster.after(async () => void (await client.delete(nodes, { name })));
  const look = async (seconds: number) => await machineChecks({ client } as Cluster, Date.now() + seconds * 1000);
  const early = await look(0);
  expect(early.filter((check) => check.name === 'provisioner')).toMatchObject([{ state: 'ok' }]);
  expect(early.find((check) => check.name === 'device plugin')?.found).toContain(name);
  expect((await look(120)).filter((check) => check.name === 'provisioner')).toMatchObject([
    { state: 'failed', found: expect.stringMatching(new RegExp(`${name}.*no provisioner runs`)) },
  ]);
  const body = {
    status: {
      conditions: [
        {
          type: 'Launched',
          status: 'Unknown',
          reason: 'LaunchFailed',
          message: 'no quota in eastus',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  };
  await client.patch(nodeClaims, { name }, { type: 'merge', body }, { subresource: 'status' });
  expect((await look(3600)).filter((check) => check.name === 'provisioner')).toMatchObject([
    { state: 'warning', found: expect.stringContaining('no quota in eastus') },
  ]);
});

test('an operator that has ended, or was killed', async () => {
  await operator!.stop();
  operator = undefined;
  const ended = await doctor('--cluster');
  expect(ended.code).toBe(1);
  expect(ended.of('operator')).toMatchObject([{ state: 'failed', found: expect.stringContaining('no operator runs') }]);
  const renewTime = new Date(Date.now() - 5000).toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: 'one-that-was', renewTime, leaseDurationSeconds: 1 };
  const ref = { namespace, name: 'kaito-workspace' };
  await cluster.client.patch(leases, ref, { type: 'merge', body: { spec } });
  const killed = await doctor('--cluster');
  expect(killed.of('operator')[0]).toMatchObject({ state: 'failed', found: expect.stringContaining('one-that-was') });
});

test('flags that mean nothing there', async () => {
  expect(await kaito.run(['doctor', '--cluster', '--network'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('--network means nothing on a cluster'),
  });
  expect(await kaito.run(['doctor', '-n', 'team'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('--namespace means nothing on this machine'),
  });
});
