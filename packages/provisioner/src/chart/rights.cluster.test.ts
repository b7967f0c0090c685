import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isTrue, parseDocuments } from '@kaito/api';
import { clusterRoleBindings, clusterRoles, isNotFound, type KubeObject, nodes, pods } from '@kaito/kube';
import { eventuallyGone, eventuallyOne, recordRights, rightsOf, type Rule, testCluster } from '@kaito/kube/testing';
import type { TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeClaims } from '../cache/resources.ts';
import { nodeClaim } from '../testing/claims.ts';
import { type Cloud, cloudOf } from '../testing/cloud.ts';
import { readyCondition } from '../testing/nodes.ts';
import { environment, type RunningProvisioner, startProvisioner } from '../testing/provisioner.ts';
import { until } from '../testing/until.ts';

const chart = fileURLToPath(new URL('../../../../charts/kaito', import.meta.url));
const crds = ['karpenter.sh_nodeclaims.yaml', 'kaito.sh_kaitonodeclasses.yaml'].map(
  (file) => `${chart}/files/crds/${file}`,
);
const name = 'kaito-gpu-provisioner';
const { used, intercept } = recordRights();

let cluster: TestCluster;
let cloud: Cloud;
let system: string;
let granted: readonly string[];

/** The provisioner's Role, ClusterRole and bindings, as the chart makes them. */
function rightsOfChart(namespace: string): readonly KubeObject[] {
  const { ARM_SUBSCRIPTION_ID: id, AZURE_CLIENT_ID: clientId } = environment;
  const azure = `azure.subscriptionId=${id},azure.resourceGroup=g,azure.clusterName=c,azure.location=westus3`;
  const values = `enabled=true,workloadIdentity.clientId=${clientId},${azure}`.split(',');
  const set = values.map((value) => `--set=provisioner.${value}`);
  const args = ['template', 'kaito', chart, '--kube-version=1.34.0', `--namespace=${namespace}`, ...set];
  const { documents, findings } = parseDocuments(execFileSync('helm', args, { encoding: 'utf8', maxBuffer: 1 << 24 }));
  expect(findings).toEqual([]);
  return documents
    .map(({ object }) => object as KubeObject)
    .filter(({ apiVersion, metadata }) => apiVersion?.startsWith('rbac.') === true && metadata.name === name);
}

beforeAll(async () => {
  cluster = await testCluster();
  await cluster.applyCrds(crds);
  system = await cluster.namespace();
  cloud = cloudOf(cluster.client);
  const rights = rightsOfChart(system);
  expect(rights.map(({ kind }) => kind)).toEqual(['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);
  for (const object of rights) await cluster.apply(object, system);
  cluster.after(async () => {
    for (const each of [clusterRoleBindings, clusterRoles])
      await cluster.client.delete(each, { name }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  });
  granted = rightsOf(rights.flatMap((object) => (object as { readonly rules?: readonly Rule[] }).rules ?? []));
});

afterAll(async () => {
  await cluster.close();
});

/** A provisioner with the rights of its ServiceAccount, and no others. */
const start = async (): Promise<RunningProvisioner> =>
  await startProvisioner({
    config: { ...cluster.config, impersonate: { user: `system:serviceaccount:${system}:${name}` } },
    agentPools: cloud.pools,
    settings: { leaderElect: true, systemNamespace: system },
    intercept,
  });

async function machine(of: string): Promise<string> {
  const { metadata, ...claim } = nodeClaim({ name: of });
  const { creationTimestamp: _, ...fresh } = metadata;
  await cluster.client.create(nodeClaims, { ...claim, metadata: fresh });
  const { status } = await eventuallyOne(cluster.client, nodeClaims, { name: of }, (each) =>
    isTrue(each.status?.conditions, 'Ready'),
  );
  return status!.nodeName!;
}

test('the provisioner has the rights it needs: a machine comes, is emptied and goes; one is repaired; one is left over', async () => {
  const { client } = cluster;
  const first = await start();
  const nodeName = await machine('wr1');
  const namespace = await cluster.namespace();
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'web' },
    spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'registry.example/x:1' }] },
  });
  // This machine's node stays when it goes, as where the cloud is late to delete it.
  const { onMachine } = cloud.pools;
  cloud.pools.onMachine = async (pool, there) => (there ? await onMachine(pool, there) : undefined);
  await client.delete(nodeClaims, { name: 'wr1' });
  await eventuallyGone(client, pods, { namespace, name: 'web' });
  await eventuallyGone(client, nodeClaims, { name: 'wr1' });
  await eventuallyGone(client, nodes, { name: nodeName });

  const sick = await machine('wr2');
  const alone = { metadata: { annotations: { 'kwok.x-k8s.io/node': null } } };
  await client.patch(nodes, { name: sick }, { type: 'merge', body: alone });
  const conditions = [readyCondition(false, '2020-01-01T00:00:00Z')];
  const options = { subresource: 'status' };
  await client.patch(nodes, { name: sick }, { type: 'strategic', body: { status: { conditions } } }, options);
  await eventuallyGone(client, nodeClaims, { name: 'wr2' });

  await machine('wr3');
  await first.stop();
  await client.patch(nodeClaims, { name: 'wr3' }, { type: 'merge', body: { metadata: { finalizers: null } } });
  await client.delete(nodeClaims, { name: 'wr3' });
  const { properties } = cloud.pools.pools.get('wr3')!;
  const tags = { ...properties.tags, 'kaito.sh_created-at': '2026-01-01T00:00:00Z' };
  cloud.pools.put('wr3', { ...properties, tags });
  const second = await start();
  await until(() => !cloud.pools.pools.has('wr3'));
  await second.stop();
});

/** What is not provoked here, and when it is used. */
const rarelyUsed: Readonly<Record<string, string>> = {
  'patch events': 'an event that is repeated is counted',
};

test('it needs no others, and has no more than it uses', () => {
  const all = granted.map((right) => right.replace(' by name', ''));
  expect([...used].filter((right) => !all.includes(right))).toEqual([]);
  // Who may list may get.
  const unused = all.filter((right) => !used.has(right) && !used.has(right.replace(/^get /, 'list ')));
  expect(unused.filter((right) => !(right in rarelyUsed))).toEqual([]);
  expect(Object.keys(rarelyUsed).filter((right) => !all.includes(right))).toEqual([]);
});
