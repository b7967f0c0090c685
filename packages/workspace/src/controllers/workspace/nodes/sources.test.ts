import type { Change } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { beforeEach, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { waitersForNodesOf, waitersForRoomOf, workspaceOfNodeClaim, workspacesWantingNode } from './sources.ts';
import { existingOnly, madeFor, node, pod, workspace, World } from './testing/world.ts';

let world: World;
let wanting: (change: Change<Live<Node>>) => readonly string[];
beforeEach(() => {
  world = new World();
  wanting = workspacesWantingNode(world.caches, world.ledger);
});

test('a new node calls those that wait for one like it, oldest first, and nobody else', async () => {
  const young = await world.put(
    world.caches.workspaces,
    existingOnly('a-young', { createdAt: '2026-02-01T00:00:00Z' }),
  );
  const old = await world.put(world.caches.workspaces, existingOnly('z-old'));
  const elsewhere = await world.put(world.caches.workspaces, existingOnly('else', { labels: { apps: 'other' } }));
  const renting = await world.put(world.caches.workspaces, workspace('renting'));
  for (const each of [young, old, elsewhere, renting]) await world.ensure(each);
  expect(wanting({ type: 'added', object: node('n') })).toEqual(['team/z-old', 'team/a-young']);
});

test('its user is called by a real change, and not by a heartbeat', async () => {
  const before = await world.put(world.caches.nodes, node('n'));
  const one = await world.put(world.caches.workspaces, existingOnly('phi'));
  await world.ensure(one);
  const beat = {
    ...before,
    status: {
      ...before.status,
      conditions: [{ ...before.status!.conditions![0]!, lastHeartbeatTime: '2026-01-01T00:05:00Z' }],
    },
  };
  const updated = (object: Live<Node>): Change<Live<Node>> => ({ type: 'updated', object, previous: before });
  expect(wanting(updated(beat))).toEqual([]);
  for (const fields of [{ gpus: 2 }, { ready: 'False' as const }, { cordoned: true }, { labels: { apps: 'x' } }]) {
    expect(wanting(updated(node('n', fields)))).toEqual(['team/phi']);
  }
  expect(wanting({ type: 'deleted', object: before, stale: false })).toEqual(['team/phi']);
});

test('the node of a machine calls the Workspace it was made for, by its labels or by its claim', async () => {
  const one = await world.put(world.caches.workspaces, workspace('phi'));
  await world.ensure(one);
  const claim = world.claims()[0]!;
  expect(wanting({ type: 'added', object: node('n', { labels: madeFor(one) }) })).toEqual(['team/phi']);
  const made = node('n', { labels: { apps: 'x' } });
  const ownerReferences = [
    { apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', name: claim.metadata.name!, uid: claim.metadata.uid! },
  ];
  expect(wanting({ type: 'added', object: { ...made, metadata: { ...made.metadata, ownerReferences } } })).toEqual([
    'team/phi',
  ]);
  expect(workspaceOfNodeClaim({ type: 'added', object: claim })).toEqual(['team/phi']);
});

test('a Workspace that ends or moves calls those that wait for its nodes', async () => {
  await world.put(world.caches.nodes, node('n'));
  const first = await world.put(world.caches.workspaces, existingOnly('first'));
  await world.ensure(first);
  const waiter = await world.put(
    world.caches.workspaces,
    existingOnly('waiter', { createdAt: '2026-02-01T00:00:00Z' }),
  );
  await world.ensure(waiter);
  const freed = waitersForNodesOf(world.caches, world.ledger);
  const previous = world.caches.workspaces.get('team/first')!;
  const moved = { ...previous, status: { workerNodes: [] } };
  const dying = { ...previous, metadata: { ...previous.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  expect(freed({ type: 'updated', object: moved, previous })).toEqual(['team/waiter']);
  expect(freed({ type: 'updated', object: dying, previous })).toEqual(['team/waiter']);
  expect(freed({ type: 'deleted', object: previous, stale: false })).toEqual(['team/waiter']);
  expect(freed({ type: 'updated', object: { ...previous }, previous })).toEqual([]);
});

test('who left a node to an older one is called when any has got what it wanted, or is gone', async () => {
  const { workspaces } = world.caches;
  const younger = { createdAt: '2026-02-01T00:00:00Z' };
  const first = await world.put(workspaces, existingOnly('first'));
  const second = await world.put(workspaces, existingOnly('second', { createdAt: '2026-01-15T00:00:00Z' }));
  const third = await world.put(workspaces, existingOnly('third', younger));
  await world.ensure(second);
  await world.put(world.caches.nodes, node('n'));
  expect((await world.ensure(third)).workerNodes).toEqual([]);
  const previous = world.caches.workspaces.get('team/first')!;
  await world.ensure(first);
  const called = waitersForNodesOf(world.caches, world.ledger);
  const object = world.caches.workspaces.get('team/first')!;
  expect(object.status?.workerNodes).toEqual(['n']);
  expect(called({ type: 'updated', object, previous })).toEqual(['team/third']);
  expect(called({ type: 'updated', object: { ...object }, previous: object })).toEqual([]);
  expect(called({ type: 'deleted', object: second, stale: false })).toEqual(['team/third']);
  await world.ensure(third);
  expect(called({ type: 'updated', object, previous })).toEqual([]);
});

test('a pod that ends calls those that wait for its room', async () => {
  await world.put(world.caches.nodes, node('n'));
  const waiter = await world.put(world.caches.workspaces, existingOnly('waiter'));
  const running = await world.put(world.caches.pods, pod('other-0', existingOnly('other'), 'n'));
  await world.ensure(waiter);
  const freed = waitersForRoomOf(world.caches, world.ledger);
  expect(freed({ type: 'deleted', object: running, stale: false })).toEqual(['team/waiter']);
  expect(freed({ type: 'updated', object: { ...running, status: { phase: 'Succeeded' } }, previous: running })).toEqual(
    ['team/waiter'],
  );
  expect(freed({ type: 'updated', object: { ...running }, previous: running })).toEqual([]);
});
