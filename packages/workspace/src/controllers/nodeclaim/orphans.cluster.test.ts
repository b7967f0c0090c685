import { type NodeClaim, workspaceFinalizer, workspaceUIDAnnotation } from '@kaito/api';
import { silentLogger, systemClock } from '@kaito/kube';
import { eventually, eventuallyGone, ManualClock, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Live } from '../../cache/caches.ts';
import { createCaches } from '../../cache/create-caches.ts';
import { nodeClaims, workspaces } from '../../cache/resources.ts';
import { existingOnly, madeFor, workspace } from '../workspace/nodes/testing/world.ts';
import { createOrphanController, graceMs } from './orphans.ts';
import { kaitoCluster } from '../../testing/cluster.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await kaitoCluster();
});

afterAll(async () => {
  await cluster.close();
});

test('the claims of a Workspace that was torn away are collected; those of others stay', async () => {
  const namespace = await cluster.namespace();
  const client = cluster.newClient();
  const clock = new ManualClock();
  const caches = createCaches({ client, clock: systemClock, logger: silentLogger });
  const controller = createOrphanController({ caches, client, clock, logger: silentLogger });
  const end = new AbortController();
  const running = Promise.all([
    caches.workspaces.run(end.signal),
    caches.nodeClaims.run(end.signal),
    controller.run(end.signal),
  ]);
  const fields = existingOnly('phi', { namespace });
  const one = await client.create(workspaces, {
    ...fields,
    metadata: { name: 'phi', namespace, finalizers: [workspaceFinalizer] },
  });
  const claim = async (name: string, annotations: Record<string, string>): Promise<Live<NodeClaim>> =>
    await client.create(nodeClaims, {
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodeClaim',
      metadata: { name: `${namespace}-${name}`, labels: madeFor(workspace('phi', { namespace })), annotations },
      spec: {
        nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
        requirements: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }],
      },
    });
  await claim('ours', { [workspaceUIDAnnotation]: one.metadata.uid! });
  await claim('theirs', {});
  const mine = (all: readonly Live<NodeClaim>[]) => all.filter(({ metadata }) => metadata.name?.startsWith(namespace));
  await eventually(caches.nodeClaims, (all) => mine(all).length === 2);
  await controller.idle();
  clock.advance(graceMs);
  await controller.idle();
  expect(mine(caches.nodeClaims.list())).toHaveLength(2);

  const ref = { namespace, name: 'phi' };
  await client.delete(workspaces, ref);
  await client.patch(workspaces, ref, { type: 'merge', body: { metadata: { finalizers: null } } });
  await eventually(caches.workspaces, () => caches.workspaces.get(ref) === undefined);
  await controller.idle();
  clock.advance(graceMs);
  await eventuallyGone(client, nodeClaims, { name: `${namespace}-ours` });
  expect((await client.get(nodeClaims, { name: `${namespace}-theirs` })).metadata.deletionTimestamp).toBeUndefined();
  await client.delete(nodeClaims, { name: `${namespace}-theirs` });
  end.abort();
  await running;
});
