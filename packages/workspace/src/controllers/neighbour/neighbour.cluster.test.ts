import { clusterRoleBindings, clusterRoles, createClient, type Logger, silentLogger, systemClock } from '@kaito/kube';
import { type TestCluster, testCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNeighbourWatch } from './index.ts';
import { workspaceWebhookName } from './neighbour.ts';

let cluster: TestCluster;
let user: string;

beforeAll(async () => {
  cluster = await testCluster();
  user = await cluster.namespace();
});

afterAll(async () => {
  await cluster.close();
});

/** What is logged of missing rights until the watch is of use. */
async function complaints(): Promise<readonly string[]> {
  const options = { clock: systemClock, logger: silentLogger, userAgent: 'test' };
  const client = createClient({ ...cluster.config, impersonate: { user } }, options);
  const lines: string[] = [];
  const logger: Logger = { log: (_, message) => void lines.push(message), with: () => logger };
  const watch = createNeighbourWatch({ client, clock: systemClock, logger, own: { namespace: user, service: 'x' } });
  const end = new AbortController();
  const running = watch.run(end.signal);
  await watch.ready!(end.signal);
  end.abort();
  await running;
  client.close();
  return lines.filter((line) => line.includes('cannot be seen')).toSorted();
}

test('without rights it says so for each thing it cannot see; these rights are enough', async () => {
  expect(await complaints()).toEqual([
    'other operators cannot be seen: no right to list deployments',
    'other operators cannot be seen: no right to list deployments',
    'other operators cannot be seen: no right to list validatingwebhookconfigurations',
  ]);
  const verbs = ['get', 'list', 'watch'];
  const rules = [
    { apiGroups: ['apps'], resources: ['deployments'], verbs },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations'],
      resourceNames: [workspaceWebhookName],
      verbs,
    },
  ];
  const metadata = { name: user };
  await cluster.client.create(clusterRoles, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata,
    rules,
  });
  cluster.after(async () => void (await cluster.client.delete(clusterRoles, metadata)));
  await cluster.client.create(clusterRoleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });
  cluster.after(async () => void (await cluster.client.delete(clusterRoleBindings, metadata)));
  await expect.poll(complaints, { timeout: 60_000 }).toEqual([]);
});
