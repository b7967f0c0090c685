import { expect, test } from 'vitest';
import { nodeClaim } from '../../../testing/claims.ts';
import { azureError } from '../../../testing/memory-pools.ts';
import { readyCondition } from '../../../testing/nodes.ts';
import { World } from '../../../testing/world.ts';

const name = 'ws0a1b2c3d4';

async function worldWith(fields: Parameters<typeof nodeClaim>[0] = {}): Promise<World> {
  const world = new World();
  await world.claim(nodeClaim(fields));
  return world;
}

test('W1: a claim by its class alone lives and ends like any other', async () => {
  const world = new World();
  const claim = nodeClaim();
  await world.claim({ ...claim, metadata: { ...claim.metadata, labels: {} } });
  expect(await world.ready(name)).toBe(true);
  await world.deleteClaim(name);
  expect(await world.gone(name)).toBe(true);
  expect([world.node(name), world.pools.pools.size]).toEqual([undefined, 1]);
});

test('W21: a claim that is deleted before its node was ever seen takes its pool with it, by name', async () => {
  const world = await worldWith();
  world.pools.looks = 2;
  await world.look(name);
  expect(world.now(name)?.status?.providerID).toBeUndefined();
  await world.deleteClaim(name);
  expect(await world.gone(name)).toBe(true);
  expect([...world.pools.pools.keys()]).toEqual(['systempool']);
});

test('W4: a claim is deleted while its pool is being made: the deletion waits for its turn and then happens', async () => {
  const world = await worldWith();
  world.pools.looks = 5;
  await world.look(name);
  await world.deleteClaim(name);
  expect((await world.look(name)) ?? {}).toEqual({});
  expect(world.condition(name, 'Ready')).toBe('False PoolOperationQueued');
  expect(await world.gone(name)).toBe(true);
  expect([...world.pools.pools.keys()]).toEqual(['systempool']);
});

test('a restart in the middle of a deletion goes on with it', async () => {
  const world = await worldWith();
  expect(await world.ready(name)).toBe(true);
  world.pools.looks = 3;
  await world.deleteClaim(name);
  await world.look(name);
  world.restart();
  expect(await world.gone(name)).toBe(true);
  expect(world.pools.calls.filter((call) => call.startsWith('delete'))).toHaveLength(1);
});

test('W6: a pool that is gone, or a cluster that is, is told by its code, whatever the words; nothing hangs', async () => {
  for (const code of ['NotFound', 'ClusterNotFound'] as const) {
    const world = await worldWith();
    expect(await world.ready(name)).toBe(true);
    world.pools.intercept = (call, send) =>
      call === `get ${name}` && code === 'ClusterNotFound'
        ? Promise.reject(azureError(code, { message: 'nichts da' }))
        : send();
    if (code === 'NotFound') world.pools.pools.delete(name);
    await world.deleteClaim(name);
    expect(await world.gone(name), code).toBe(true);
    expect(world.node(name)).toBeUndefined();
  }
});

test('an error of Azure is told in the claim and tried again; the finalizer stays until the pool is gone', async () => {
  const world = await worldWith();
  expect(await world.ready(name)).toBe(true);
  world.pools.intercept = (call, send) =>
    call.startsWith('delete') ? Promise.reject(azureError('RightMissing')) : send();
  await world.deleteClaim(name);
  expect(await world.look(name)).toEqual({ requeueAfterMs: 60_000 });
  expect(world.condition(name, 'Ready')).toBe('False RightMissing');
  expect(world.message(name, 'Ready')).toBe(
    'agent pool ws0a1b2c3d4 is not deleted yet: Azure says RightMissing. Remedy: az mend RightMissing',
  );
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RightMissing' });
  world.pools.intercept = (_, send) => send();
  expect(await world.gone(name)).toBe(true);
});

test('the pool changed between look and deletion: it is looked at once more', async () => {
  const world = await worldWith();
  expect(await world.ready(name)).toBe(true);
  let changed = false;
  world.pools.intercept = async (call, send) => {
    const answer = await send();
    if (call === `get ${name}` && !changed) {
      changed = true;
      world.pools.put(name, world.pools.pools.get(name)!.properties);
    }
    return answer;
  };
  await world.deleteClaim(name);
  expect(await world.gone(name)).toBe(true);
});

test('a node whose machine is gone already is let go at once', async () => {
  const world = await worldWith();
  expect(await world.ready(name)).toBe(true);
  const node = world.node(name)!;
  await world.join({ ...node, status: { ...node.status, conditions: [readyCondition(false)] } });
  world.pools.pools.delete(name);
  await world.deleteClaim(name);
  await world.look(name);
  expect([world.now(name), world.node(name)]).toEqual([undefined, undefined]);
});

test('the end of the grace period is written down once', async () => {
  const world = await worldWith({ terminationGracePeriod: '1m30s' });
  expect(await world.ready(name)).toBe(true);
  await world.deleteClaim(name);
  await world.look(name);
  expect(world.now(name)?.metadata.annotations?.['karpenter.sh/nodeclaim-termination-timestamp']).toBe(
    '2026-01-01T00:01:30Z',
  );
  await world.gone(name);
  expect(world.events.filter(({ reason }) => reason === 'TerminationGracePeriodExpiring')).toHaveLength(1);
});

test('a claim of another class, without a label of KAITO, is left alone', async () => {
  const world = new World();
  const claim = nodeClaim({ nodeClassRef: { group: 'karpenter.azure.com', kind: 'AKSNodeClass', name: 'default' } });
  await world.claim({ ...claim, metadata: { ...claim.metadata, labels: {} } });
  await world.look(name);
  expect(world.now(name)?.metadata.finalizers).toBeUndefined();
  expect(world.pools.calls).toEqual([]);
});

test('W26: a whole life asks the API server for what the chart grants, and deletes no pod', async () => {
  const world = await worldWith({ terminationGracePeriod: '1m' });
  expect(await world.ready(name)).toBe(true);
  await world.deleteClaim(name);
  expect(await world.gone(name)).toBe(true);
  const used = new Set(
    world.client.calls.filter(({ verb }) => verb !== 'apply').map(({ verb, resource }) => `${verb} ${resource.plural}`),
  );
  expect([...used].toSorted()).toEqual([
    'delete nodeclaims',
    'delete nodes',
    'list pods',
    'list volumeattachments',
    'patch nodeclaims',
    'patch nodes',
  ]);
});

test('a deletion that Azure begins and does not end is told, and begun anew after a pause', async () => {
  const world = await worldWith();
  expect(await world.ready(name)).toBe(true);
  await world.deleteClaim(name);
  await world.look(name);
  world.pools.intercept = (call, send) =>
    call === 'poll' ? Promise.resolve({ state: 'failed', error: azureError('OperationFailed') }) : send();
  world.clock.advance(1_000);
  expect(await world.look(name)).toEqual({ requeueAfterMs: 60_000 });
  expect(world.condition(name, 'Ready')).toBe('False OperationFailed');
  world.pools.intercept = (_, send) => send();
  expect(await world.gone(name)).toBe(true);
  expect([...world.pools.pools.keys()]).toEqual(['systempool']);
});
