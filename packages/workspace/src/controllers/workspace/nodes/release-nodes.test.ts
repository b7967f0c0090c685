import { workspaceLabel, workspaceNamespaceLabel, workspaceUIDAnnotation } from '@kaito/api';
import { refusal } from '@kaito/kube/testing';
import { beforeEach, expect, test } from 'vitest';
import { releaseNodes } from './release-nodes.ts';
import { existingOnly, workspace, World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

async function rented(count = 2) {
  const one = await world.put(world.caches.workspaces, workspace('phi', { count }));
  await world.ensure(one);
  for (const claim of world.claims()) {
    await world.put(world.caches.nodeClaims, {
      ...claim,
      metadata: { ...claim.metadata, finalizers: ['karpenter.sh/termination'] },
    });
  }
  return world.caches.workspaces.get('team/phi')!;
}

const deletes = () => world.writes().filter((write) => write.startsWith('delete'));

test('all machines are let go at once; done when the last is gone, and never asked twice', async () => {
  const one = await rented();
  const names = world
    .claims()
    .map(({ metadata }) => `NodeClaim ${metadata.name!}`)
    .toSorted();
  expect(await releaseNodes(one, world.deps)).toEqual({ done: false, waitsFor: names });
  expect(await releaseNodes(one, world.deps)).toEqual({ done: false, waitsFor: names });
  expect(deletes()).toHaveLength(2);
  for (const claim of world.claims()) await world.remove(world.caches.nodeClaims, claim);
  expect(await releaseNodes(one, world.deps)).toEqual({ done: true, waitsFor: [] });
});

test('claims of a predecessor of the same name, and those without our annotation, are not touched', async () => {
  const one = await rented(1);
  const labels = { [workspaceLabel]: 'phi', [workspaceNamespaceLabel]: 'team' };
  const [own] = world.claims();
  for (const [name, annotations] of [
    ['wsaaa', { [workspaceUIDAnnotation]: 'another' }],
    ['wsbbb', {}],
  ] as const) {
    await world.put(world.caches.nodeClaims, { ...own!, metadata: { name, labels, annotations } });
  }
  await releaseNodes(one, world.deps);
  await world.remove(world.caches.nodeClaims, own!);
  expect(await releaseNodes(one, world.deps)).toEqual({ done: true, waitsFor: [] });
  expect(
    world
      .claims()
      .map(({ metadata }) => metadata.name)
      .toSorted(),
  ).toEqual(['wsaaa', 'wsbbb']);
});

test('a claim that the cache does not know yet is found and let go', async () => {
  const one = await rented(1);
  const [claim] = world.claims();
  world.caches.nodeClaims.forget({ name: claim!.metadata.name! }, claim!.metadata.uid!);
  world.client.calls.length = 0;
  const outcome = await releaseNodes(one, world.deps);
  expect(deletes()).toHaveLength(1);
  await expect(
    world.client.get(world.caches.nodeClaims.resource, { name: claim!.metadata.name! }),
  ).resolves.toMatchObject({
    metadata: { deletionTimestamp: expect.any(String) },
  });
  expect(outcome).toBeDefined();
});

test('on existing nodes nothing is asked of the API server', async () => {
  const one = await world.put(world.caches.workspaces, existingOnly('phi'));
  world.client.calls.length = 0;
  expect(await releaseNodes(one, world.deps)).toEqual({ done: true, waitsFor: [] });
  expect(world.client.calls).toEqual([]);
});

test('what is refused is thrown, after the others have been let go', async () => {
  const one = await rented(3);
  let first = true;
  world.client.before = ({ verb }) => {
    if (verb === 'delete' && first) {
      first = false;
      throw refusal(403, 'Forbidden', 'cannot delete');
    }
  };
  await expect(releaseNodes(one, world.deps)).rejects.toThrow('cannot delete');
  expect(world.claims().filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toHaveLength(2);
});
