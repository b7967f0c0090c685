import { findCondition, isTrue, type Workspace } from '@kaito/api';
import { deployments, nodes } from '@kaito/kube';
import { eventuallyGone, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Live } from '../../cache/caches.ts';
import { nodeClaims, workspaces } from '../../cache/resources.ts';
import { kaitoCluster } from '../../testing/cluster.ts';
import { type RunningOperator, startOperator } from '../../testing/operator.ts';

let cluster: TestCluster;
let operator: RunningOperator;
const writes: string[] = [];

beforeAll(async () => {
  cluster = await kaitoCluster();
  operator = await startOperator({
    config: cluster.config,
    intercept: async (call, send) => {
      if (!['GET', 'HEAD'].includes(call.method)) writes.push(`${call.method} ${call.path}`);
      return await send();
    },
  });
});

afterAll(async () => {
  await cluster.close();
  await operator.stop();
});

test('beside another KAITO it only looks on and names it, and goes on when that is gone', async () => {
  const namespace = await cluster.namespace();
  const node = { name: `${namespace}-node` };
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...node, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    status: { capacity: { cpu: '4', memory: '8Gi', pods: '10' }, allocatable: { cpu: '4', memory: '8Gi', pods: '10' } },
  });
  cluster.after(async () => void (await cluster.client.delete(nodes, node)));
  const other = { namespace, name: 'kaito-workspace' };
  const labels = { 'app.kubernetes.io/name': 'workspace' };
  await cluster.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...other, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeName: node.name,
          containers: [{ name: 'workspace', image: 'mcr.microsoft.com/aks/kaito/workspace:0.12.0' }],
        },
      },
    },
  });
  await eventuallyOne(cluster.client, deployments, other, ({ status }) => status?.readyReplicas === 1);

  const before = writes.length;
  const ref = { namespace, name: 'looked-at' };
  await cluster.applyYaml(
    `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: looked-at
resource:
  instanceType: Standard_NC64as_T4_v3
  labelSelector:
    matchLabels:
      apps: looked-at
inference:
  preset:
    name: phi-2
`,
    namespace,
  );
  const seen = await eventuallyOne(cluster.client, workspaces, ref, managedElsewhere);
  expect(findCondition(seen.status?.conditions, 'ManagedElsewhere')?.message).toContain(
    `Deployment kaito-workspace in namespace ${namespace}`,
  );
  const made = writes.slice(before).filter((write) => !write.includes('/status') && !write.includes('/events'));
  expect(made).toEqual([]);

  await cluster.client.delete(deployments, other);
  const acted = await eventuallyOne(
    cluster.client,
    workspaces,
    ref,
    ({ status }) => (status?.nodeClaims ?? []).length > 0,
  );
  expect(managedElsewhere(acted)).toBe(false);
  await eventuallyOne(cluster.client, nodeClaims, { name: acted.status!.nodeClaims![0]!.name }, () => true);
  await cluster.client.delete(workspaces, ref);
  await eventuallyGone(cluster.client, workspaces, ref);
});

function managedElsewhere({ status }: Live<Workspace>): boolean {
  return isTrue(status?.conditions, 'ManagedElsewhere');
}
