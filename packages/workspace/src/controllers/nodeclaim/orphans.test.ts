import { type NodeClaim, workspaceLabel, workspaceNamespaceLabel, workspaceUIDAnnotation } from '@kaito/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Live } from '../../cache/caches.ts';
import { workspace, World } from '../workspace/nodes/testing/world.ts';
import { createOrphanController, graceMs } from './orphans.ts';

let world: World;
let controller: ReturnType<typeof createOrphanController>;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  world = new World();
  stop = new AbortController();
  const caches = [world.caches.workspaces, world.caches.nodeClaims];
  controller = createOrphanController(world.deps);
  running = Promise.all([...caches.map((cache) => cache.run(stop.signal)), controller.run(stop.signal)]).then(
    () => undefined,
  );
  await Promise.all(caches.map((cache) => cache.whenSynced()));
});

afterEach(async () => {
  stop.abort();
  await running;
});

async function claim(name: string, uid: string | undefined): Promise<Live<NodeClaim>> {
  return await world.put(world.caches.nodeClaims, {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: {
      name,
      labels: { [workspaceLabel]: 'phi', [workspaceNamespaceLabel]: 'team' },
      annotations: uid === undefined ? {} : { [workspaceUIDAnnotation]: uid },
    },
    spec: { nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' }, requirements: [] },
  });
}

const names = () => world.claims().map(({ metadata }) => metadata.name);

async function pass(ms: number) {
  world.clock.advance(ms);
  await controller.idle();
}

test('a claim whose Workspace is no more goes after the grace, not before', async () => {
  const one = await world.put(world.caches.workspaces, workspace('phi'));
  await claim('ws1', one.metadata.uid);
  await controller.idle();
  await pass(10 * graceMs);
  expect(names()).toEqual(['ws1']);
  await world.remove(world.caches.workspaces, one);
  await controller.idle();
  await pass(graceMs - 1);
  expect(names()).toEqual(['ws1']);
  await pass(1);
  expect(names()).toEqual([]);
});

test('that of a predecessor of the same name goes, its successor’s stays', async () => {
  const two = await world.put(world.caches.workspaces, workspace('phi'));
  await claim('old', 'uid-of-the-first');
  await claim('new', two.metadata.uid);
  await controller.idle();
  await pass(graceMs);
  expect(names()).toEqual(['new']);
});

test('a claim without our annotation is never touched', async () => {
  await claim('theirs', undefined);
  await controller.idle();
  await pass(10 * graceMs);
  expect(names()).toEqual(['theirs']);
  expect(world.writes().filter((write) => write.startsWith('delete'))).toEqual([]);
});

test('where only the cache has lost the Workspace, the API server is believed', async () => {
  const one = await world.put(world.caches.workspaces, workspace('phi'));
  await claim('ws1', one.metadata.uid);
  await controller.idle();
  world.caches.workspaces.forget({ namespace: 'team', name: 'phi' }, one.metadata.uid!);
  await controller.idle();
  await pass(graceMs);
  expect(names()).toEqual(['ws1']);
});
