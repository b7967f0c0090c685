import { expect, test } from 'vitest';
import type { ProvisionerOptions } from '../../../options.ts';
import { nodeClaim } from '../../../testing/claims.ts';
import { aksNode, readyCondition } from '../../../testing/nodes.ts';
import { options, World } from '../../../testing/world.ts';

const name = 'ws0a1b2c3d4';

/** A claim whose machine is there and whose node has not come. */
async function launchedWorld(
  extra: Partial<ProvisionerOptions> = {},
  fields: Parameters<typeof nodeClaim>[0] = {},
): Promise<World> {
  const world = new World({ options: { ...options, ...extra } });
  const join = world.pools.onMachine;
  world.pools.onMachine = (pool, there) => (there ? Promise.resolve() : join(pool, there));
  await world.claim(nodeClaim(fields));
  await world.run(name, () => world.condition(name, 'Launched') === 'True Launched');
  return world;
}
const nodeOf = (world: World, options?: Parameters<typeof aksNode>[1]) =>
  aksNode(world.pools.pools.get(name)!, options);

async function readyWorld(fields: Parameters<typeof nodeClaim>[0] = {}): Promise<World> {
  const world = new World();
  await world.claim(nodeClaim(fields));
  expect(await world.ready(name)).toBe(true);
  return world;
}

test('W11: imageID, capacity and allocatable are those of pool and node, also when they change', async () => {
  const world = await readyWorld();
  expect(world.now(name)?.status).toMatchObject({
    imageID: 'AKSUbuntu-2204gen2',
    capacity: { cpu: '6' },
    allocatable: { cpu: '6' },
  });
  await world.join({
    ...world.node(name)!,
    status: { ...world.node(name)!.status, allocatable: { 'nvidia.com/gpu': '1' } },
  });
  await world.look(name);
  expect(world.now(name)?.status?.allocatable).toMatchObject({ 'nvidia.com/gpu': '1' });
});

test('W12: Ready goes and comes with the node', async () => {
  const world = await readyWorld();
  const node = world.node(name)!;
  await world.join({ ...node, status: { ...node.status, conditions: [readyCondition(false)] } });
  await world.look(name);
  expect(world.condition(name, 'Ready')).toBe('False NodeNotReady');
  expect(world.message(name, 'Ready')).toContain('Kubelet stopped posting node status. Remedy: kubectl describe node');
  await world.join({ ...node, status: { ...node.status, conditions: [readyCondition(true)] } });
  await world.look(name);
  expect(world.condition(name, 'Ready')).toBe('True Ready');
});

test('a node that goes for good takes its claim with it, after a while', async () => {
  const world = await readyWorld();
  const { name: nodeName = '', uid = '' } = world.node(name)!.metadata;
  world.caches.nodes.forget({ name: nodeName }, uid);
  expect(await world.look(name)).toEqual({ requeueAfterMs: 300_000 });
  expect(world.condition(name, 'Ready')).toBe('False NodeNotFound');
  world.clock.advance(300_000);
  await world.look(name);
  expect(world.now(name)?.metadata.deletionTimestamp).toBeDefined();
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'NodeLost' });
});

test.each([
  ['it says that Azure takes it back', true],
  ['it is gone', false],
])('a spot machine is replaced as soon as %s', async (_, told) => {
  const world = await readyWorld({
    requirements: [{ key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot'] }],
  });
  const node = world.node(name)!;
  const notice = { ...readyCondition(true), type: 'VMEventScheduled', reason: 'PreemptScheduled' };
  if (told) await world.join({ ...node, status: { ...node.status, conditions: [readyCondition(true), notice] } });
  else world.caches.nodes.forget({ name: node.metadata.name! }, node.metadata.uid!);
  await world.look(name);
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'SpotEvicted' });
  expect(world.now(name)?.metadata.deletionTimestamp).toBeDefined();
});

test('a node that never joins ends the claim, with the reason', async () => {
  const world = await launchedWorld();
  expect(world.condition(name, 'Registered')).toBe('Unknown NodeNotFound');
  const { registrationMs } = options.timeouts;
  expect(await world.look(name)).toEqual({ requeueAfterMs: registrationMs });
  world.clock.advance(registrationMs);
  await world.look(name);
  expect(world.condition(name, 'Registered')).toBe('False RegistrationTimeout');
  expect(world.events.map(({ reason }) => reason)).toContain('RegistrationTimeout');
  expect(world.now(name)?.metadata.deletionTimestamp).toBeDefined();
  expect(await world.gone(name)).toBe(true);
  expect([...world.pools.pools.keys()]).toEqual(['systempool']);
});

test('W22: several nodes are told with the command that mends it, and are no end', async () => {
  const world = await launchedWorld();
  const second = nodeOf(world, { index: 1 });
  await world.join(nodeOf(world));
  await world.join(second);
  await world.look(name);
  expect(world.condition(name, 'Registered')).toBe('False MultipleNodesFound');
  expect(world.message(name, 'Registered')).toContain(
    'az aks nodepool scale --cluster-name cluster -g group -n ws0a1b2c3d4 --node-count 1',
  );
  await world.leave(second);
  expect(await world.ready(name)).toBe(true);
});

test('the node gets what the claim says: taints, startup taints, labels, annotations, owner and finalizer', async () => {
  const startupTaints = [{ key: 'cni', value: 'late', effect: 'NoSchedule' } as const];
  const world = await launchedWorld({}, { startupTaints });
  const node = nodeOf(world);
  const taints = [...(node.spec?.taints ?? []), { key: 'karpenter.sh/unregistered', effect: 'NoExecute' }];
  await world.join({ ...node, spec: { ...node.spec, taints } });
  await world.look(name);
  expect(world.node(name)).toMatchObject({
    metadata: {
      annotations: { 'karpenter.sh/do-not-disrupt': 'true' },
      labels: { 'karpenter.sh/registered': 'true' },
      finalizers: ['karpenter.sh/termination'],
      ownerReferences: [{ kind: 'NodeClaim', name, uid: world.now(name)?.metadata.uid, blockOwnerDeletion: true }],
    },
    spec: { taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }, startupTaints[0]] },
  });
  expect(world.condition(name, 'Initialized')).toBe('Unknown StartupTaintsExist');
  expect(world.message(name, 'Initialized')).toBe('StartupTaint "cni=late:NoSchedule" still exists');
});

test.each<[string, Partial<ReturnType<typeof aksNode>>, string]>([
  ['NodeNotReady', { status: { conditions: [readyCondition(false)] } }, 'Node status is NotReady'],
  [
    'KnownEphemeralTaintsExist',
    {
      spec: {
        providerID: 'azure:///x',
        taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' }],
      },
    },
    'KnownEphemeralTaint "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule" still exists',
  ],
])('a node with %s takes no pods yet', async (reason, change, message) => {
  const world = await launchedWorld();
  await world.join({ ...nodeOf(world), ...change });
  await world.look(name);
  expect(world.condition(name, 'Initialized')).toBe(`Unknown ${reason}`);
  expect(world.message(name, 'Initialized')).toContain(message);
  expect(world.condition(name, 'Ready')).toBe('Unknown ReconcilingDependents');
  expect(world.message(name, 'Ready')).toBe('Initialized=Unknown');
});

test('W13: GPUs are waited for where the claim or the settings ask for them, and their absence has an end', async () => {
  for (const asks of [
    launchedWorld({ waitForGpu: true }),
    launchedWorld({}, { resources: { requests: { storage: '120Gi', 'nvidia.com/gpu': '1' } } }),
  ]) {
    const world = await asks;
    await world.join(nodeOf(world));
    await world.look(name);
    expect(world.condition(name, 'Initialized')).toBe('Unknown ResourceNotRegistered');
    const node = world.node(name)!;
    await world.join({ ...node, status: { ...node.status, allocatable: { 'nvidia.com/gpu': '1' } } });
    await world.look(name);
    expect(world.condition(name, 'Initialized')).toBe('True Initialized');
  }
  const without = await launchedWorld();
  await without.join(nodeOf(without));
  await without.look(name);
  expect(without.condition(name, 'Ready')).toBe('True Ready');

  const never = await launchedWorld({ waitForGpu: true });
  await never.join(nodeOf(never));
  await never.look(name);
  never.clock.advance(options.timeouts.initializationMs);
  await never.look(name);
  expect(never.condition(name, 'Initialized')).toBe('False InitializationTimeout');
  expect(never.message(name, 'Initialized')).toContain(
    'Resource "nvidia.com/gpu" was requested but not registered. Remedy: see whether the device plugin',
  );
  expect(never.now(name)?.metadata.deletionTimestamp).toBeDefined();
});

test('a claim that may be disrupted expires; one of KAITO does not', async () => {
  const kept = await readyWorld({ expireAfter: '1h' });
  kept.clock.advance(7_200_000);
  await kept.look(name);
  expect(kept.now(name)?.metadata.deletionTimestamp).toBeUndefined();
  const other = await readyWorld({ expireAfter: '1h', annotations: { 'karpenter.sh/do-not-disrupt': 'false' } });
  other.clock.advance(3_600_000);
  await other.look(name);
  expect(other.events.at(-1)).toMatchObject({ reason: 'Expired' });
});

test('a status is written where something changed, and not otherwise', async () => {
  const world = await readyWorld();
  const calls = world.client.calls.length;
  await world.look(name);
  expect(world.client.calls.slice(calls)).toEqual([]);
});
