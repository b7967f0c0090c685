import { settled } from '@kaito/kube/testing';
import { expect, test } from 'vitest';
import { nodeClaim } from '../../../testing/claims.ts';
import { readyCondition } from '../../../testing/nodes.ts';
import { World } from '../../../testing/world.ts';
import { createRepairController } from './controller.ts';

/** A fleet that is Ready, with its repair running. */
async function fleet(
  size: number,
): Promise<{ world: World; unhealthy: (name: string) => Promise<void>; pass: (ms: number) => Promise<void> }> {
  const world = new World();
  const names = Array.from({ length: size }, (_, at) => `ws${at}`);
  for (const name of names) {
    await world.claim(nodeClaim({ name }));
    expect(await world.ready(name)).toBe(true);
  }
  const controller = createRepairController(world.deps);
  const end = new AbortController();
  const { caches } = world;
  void Promise.all([caches.nodes.run(end.signal), controller.run(end.signal)]);
  await caches.nodes.whenSynced();
  return {
    world,
    async unhealthy(name) {
      const node = world.node(name)!;
      const since = world.clock.now().toISOString();
      await world.join({ ...node, status: { ...node.status, conditions: [readyCondition(false, since)] } });
      await settled();
    },
    async pass(ms) {
      world.clock.advance(ms);
      await settled();
      await controller.idle();
    },
  };
}
const deleting = (world: World): string[] =>
  world.caches.nodeClaims
    .list()
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => metadata.name!);

test('W14: a node that is not Ready for ten minutes is replaced, and its pods are given a bounded time', async () => {
  const { world, unhealthy, pass } = await fleet(3);
  await unhealthy('ws1');
  await pass(599_000);
  expect(deleting(world)).toEqual([]);
  await pass(2_000);
  expect(deleting(world)).toEqual(['ws1']);
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'NodeUnhealthy' });
  const deadline = world.now('ws1')?.metadata.annotations?.['karpenter.sh/nodeclaim-termination-timestamp'] ?? '';
  expect(Date.parse(deadline) - world.clock.now().getTime()).toBe(300_000);
});

test('W14: where many fail at once nothing is taken away, and that is told; when they recover, what is left is repaired', async () => {
  const { world, unhealthy, pass } = await fleet(5);
  await unhealthy('ws1');
  await unhealthy('ws2');
  await pass(700_000);
  expect(deleting(world)).toEqual([]);
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'NodeRepairBlocked' });
  const node = world.node('ws1')!;
  await world.join({ ...node, status: { ...node.status, conditions: [readyCondition(true)] } });
  await pass(61_000);
  expect(deleting(world)).toEqual(['ws2']);
});
