import { isTrue } from '@kaito/api';
import { leases, nodes, systemClock } from '@kaito/kube';
import { eventuallyGone, eventuallyOne, type TestCluster, testCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeClaims } from '../../../cache/resources.ts';
import { nodeClaim } from '../../../testing/claims.ts';
import { cloudOf } from '../../../testing/cloud.ts';
import { aksNode } from '../../../testing/nodes.ts';
import { startProvisioner } from '../../../testing/provisioner.ts';
import { until } from '../../../testing/until.ts';

const crds = ['karpenter.sh_nodeclaims.yaml', 'kaito.sh_kaitonodeclasses.yaml'].map(
  (file) => new URL(`../../../../../../charts/kaito/files/crds/${file}`, import.meta.url).pathname,
);

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster();
  await cluster.applyCrds(crds);
});

afterAll(async () => {
  await cluster.close();
});

async function ready(name: string): Promise<void> {
  const { client } = cluster;
  const { metadata, ...claim } = nodeClaim({ name });
  const { creationTimestamp: _, ...fresh } = metadata;
  await client.create(nodeClaims, { ...claim, metadata: fresh });
  await eventuallyOne(client, nodeClaims, { name }, ({ status }) => isTrue(status?.conditions, 'Ready'));
}

test('W21, W25: what is left over is found by one list: pools without a claim, claims without a pool, nodes without either', async () => {
  const { client, config } = cluster;
  const cloud = cloudOf(client);
  const first = await startProvisioner({ config, agentPools: cloud.pools });
  await ready('wc1');
  await ready('wc2');
  await first.stop();
  // Its claim is torn away, finalizer and all: its pool leaks.
  await client.patch(nodeClaims, { name: 'wc1' }, { type: 'merge', body: { metadata: { finalizers: null } } });
  await client.delete(nodeClaims, { name: 'wc1' });
  const leaked = cloud.pools.pools.get('wc1')!;
  const tags = { ...leaked.properties.tags, 'kaito.sh_created-at': '2026-01-01T00:00:00Z' };
  cloud.pools.put('wc1', { ...leaked.properties, tags });
  // The other pool is deleted by hand, and its machine goes with it.
  const vanished = cloud.pools.pools.get('wc2')!;
  cloud.pools.pools.delete('wc2');
  await client.delete(nodes, { name: aksNode(vanished).metadata.name! });
  const foreign = cloud.pools.put('theirs', { mode: 'User', nodeLabels: { 'kaito.sh/workspace': 'phi' } });

  const before = cloud.pools.calls.length;
  const second = await startProvisioner({ config, agentPools: cloud.pools });
  await eventuallyGone(client, nodeClaims, { name: 'wc2' });
  for (const pool of [leaked, vanished]) await eventuallyGone(client, nodes, { name: aksNode(pool).metadata.name! });
  await until(() => !cloud.pools.pools.has('wc1'));
  expect([...cloud.pools.pools.values()]).toContain(foreign);
  expect(cloud.pools.calls.slice(before).filter((call) => call === 'list')).toHaveLength(1);
  await second.stop();
});

test('W15: of two replicas one acts; when it stops, the other goes on', async () => {
  const { client, config } = cluster;
  const cloud = cloudOf(client);
  const systemNamespace = await cluster.namespace();
  const settings = { leaderElect: true, systemNamespace };
  const replicas = await Promise.all([1, 2].map(() => startProvisioner({ config, agentPools: cloud.pools, settings })));
  await ready('wc3');
  expect(cloud.pools.calls.filter((call) => call.startsWith('create'))).toEqual(['create wc3']);
  const lease = await client.get(leases, { namespace: systemNamespace, name: 'kaito-gpu-provisioner' });
  expect(lease.spec?.holderIdentity).toBeTruthy();
  await replicas[0]!.stop();
  await ready('wc4');
  for (const name of ['wc3', 'wc4']) {
    await client.delete(nodeClaims, { name });
    await eventuallyGone(client, nodeClaims, { name });
  }
  expect([...cloud.pools.pools.keys()]).toEqual(['systempool']);
  await replicas[1]!.stop();
});

test('a fleet is made and taken away by turns', async () => {
  const { client, config } = cluster;
  const cloud = cloudOf(client);
  cloud.pools.parallel = 1;
  const provisioner = await startProvisioner({ config, agentPools: cloud.pools });
  const names = Array.from({ length: 15 }, (_, at) => `wf${at}`);
  const began = systemClock.monotonic();
  await Promise.all(names.map(ready));
  await Promise.all(names.map((name) => client.delete(nodeClaims, { name })));
  await Promise.all(names.map((name) => eventuallyGone(client, nodeClaims, { name })));
  const seconds = ((systemClock.monotonic() - began) / 1000).toFixed(1);
  expect([...cloud.pools.pools.keys()]).toEqual(['systempool']);
  expect(cloud.pools.mostRunning).toBe(1);
  expect([...cloud.machines].toSorted()).toEqual([...names].toSorted());
  // Four each; the first ones find out together that AKS runs one at a time, and the list is everybody's.
  expect(cloud.pools.calls.length).toBeLessThanOrEqual(4 * names.length + 10 + 2);
  const perClaim = cloud.pools.calls.length / names.length;
  process.stdout.write(
    `${names.length} machines in ${seconds} s, ${perClaim.toFixed(1)} requests each and ${cloud.pools.polls} polls\n`,
  );
  await provisioner.stop();
});
