import { beforeEach, describe, expect, test } from 'vitest';
import { existingOnly, gpuType, madeFor, node, pod, workspace, World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

describe('without machines to rent', () => {
  test('an empty instanceType never asks for one, and says which nodes are there and why not used', async () => {
    const other = await world.put(world.caches.workspaces, existingOnly('other'));
    await world.put(world.caches.nodes, node('busy'));
    await world.ensure(other);
    await world.put(world.caches.nodes, node('kept', { cordoned: true }));
    await world.put(
      world.caches.nodes,
      node('walled', { taints: [{ key: 'team', value: 'a', effect: 'NoSchedule' }] }),
    );
    const one = await world.put(world.caches.workspaces, existingOnly('phi', { createdAt: '2026-01-02T00:00:00Z' }));
    const outcome = await world.ensure(one);
    expect(outcome.nodeClaims).toBeUndefined();
    expect(outcome.faults).toEqual([
      {
        code: 'NotEnoughNodes',
        kind: 'terminal',
        message:
          '0 of 1 node with apps=model can be used, and an empty instanceType rents none: busy has no GPU left beside Workspace team/other; kept is cordoned; walled has the taint team=a:NoSchedule, which the Workspace does not tolerate.',
        remedy: 'give it back to use: kubectl uncordon kept',
      },
    ]);
    expect(outcome.nodes.troubles).toMatchObject([{ name: 'kept', kind: 'Cordoned' }]);
    expect(world.claims()).toEqual([]);
  });

  test('nodeProvisioner none: nodes of that type only', async () => {
    world.options = { ...world.options, nodeProvisioner: 'none' };
    await world.put(world.caches.nodes, node('small', { type: 'Standard_NC4as_T4_v3' }));
    await world.put(world.caches.nodes, node('right', { type: gpuType.toLowerCase() }));
    const one = await world.put(world.caches.workspaces, workspace('phi', { count: 2 }));
    const outcome = await world.ensure(one);
    expect(outcome.nodes.ready).toEqual(['right']);
    expect(outcome.faults).toMatchObject([
      { code: 'NoNodeProvisioner', message: expect.stringContaining('small is a Standard_NC4as_T4_v3') },
    ]);
    expect(world.claims()).toEqual([]);
  });

  test('a cluster that does not know NodeClaims says what to install', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    Object.defineProperty(world.caches.nodeClaims, 'available', { value: false });
    const outcome = await world.ensure(one);
    expect(outcome.faults).toMatchObject([{ code: 'NodeClaimsNotInstalled', kind: 'terminal' }]);
    expect(outcome.faults[0]?.remedy).toContain('kubectl get crd nodeclaims.karpenter.sh');
    expect(world.writes()).not.toContain('create nodeclaims');
  });
});

describe('the nodes themselves', () => {
  test('a GPU node without its plugin keeps its place, gets the label, and is used once it announces its GPUs', async () => {
    const bare = node('new', { gpus: 0 });
    await world.put(world.caches.nodes, {
      ...bare,
      metadata: { ...bare.metadata, labels: { ...bare.metadata.labels, accelerator: undefined as never } },
    });
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    const outcome = await world.ensure(one);
    expect(outcome.nodes).toEqual({ wanted: 1, ready: [], withoutPlugin: ['new'] });
    expect(world.claims()).toEqual([]);
    expect(world.caches.nodes.get({ name: 'new' })?.metadata.labels?.['accelerator']).toBe('nvidia');
    await world.put(world.caches.nodes, node('new'));
    expect((await world.ensure(one)).nodes).toEqual({ wanted: 1, ready: ['new'] });
  });

  test('a machine type that has no GPU is not waited for', async () => {
    await world.put(world.caches.nodes, node('cpu', { gpus: 0, type: 'Standard_D8s_v5' }));
    const one = await world.put(world.caches.workspaces, existingOnly('phi'));
    const outcome = await world.ensure(one);
    expect(outcome.nodes.withoutPlugin).toBeUndefined();
    expect(outcome.faults[0]?.message).toContain('cpu has no GPU');
  });

  test('a GGUF preset needs no GPU, no plugin and no label, but its memory', async () => {
    const bare = node('cpu', { gpus: 0, type: 'Standard_D8s_v5', memory: '64Gi' });
    await world.put(world.caches.nodes, { ...bare, metadata: { ...bare.metadata, labels: { apps: 'model' } } });
    await world.put(world.caches.nodes, node('tiny', { gpus: 0, memory: '100Mi' }));
    const one = await world.put(
      world.caches.workspaces,
      existingOnly('small', { preset: 'qwen2.5-0.5b-instruct', count: 2 }),
    );
    const outcome = await world.ensure(one);
    expect(outcome.nodes.ready).toEqual(['cpu']);
    expect(outcome.faults[0]?.message).toContain('tiny has too little memory left');
    expect(world.caches.nodes.get({ name: 'cpu' })?.metadata.labels?.['accelerator']).toBeUndefined();
  });

  test('it stays where it is while that is fine, whatever is preferred or comes later', async () => {
    await world.put(world.caches.nodes, node('zulu'));
    const one = await world.put(world.caches.workspaces, existingOnly('phi', { preferredNodes: ['alpha'] }));
    expect((await world.ensure(one)).workerNodes).toEqual(['zulu']);
    await world.put(world.caches.nodes, node('alpha'));
    expect((await world.ensure(one)).workerNodes).toEqual(['zulu']);
    await world.put(world.caches.nodes, node('zulu', { cordoned: true }));
    expect((await world.ensure(one)).workerNodes).toEqual(['zulu']);
    await world.remove(world.caches.nodes, world.caches.nodes.get({ name: 'zulu' })!);
    expect((await world.ensure(one)).workerNodes).toEqual(['alpha']);
  });

  test('preferred ones first, then those that KAITO made, then by name', async () => {
    const one = await world.put(
      world.caches.workspaces,
      existingOnly('phi', { count: 3, preferredNodes: ['z-preferred'] }),
    );
    for (const name of ['a-plain', 'b-plain', 'z-preferred']) await world.put(world.caches.nodes, node(name));
    await world.put(world.caches.nodes, node('y-made', { labels: madeFor(one) }));
    expect((await world.ensure(one)).workerNodes).toEqual(['a-plain', 'y-made', 'z-preferred']);
  });

  test('it follows its pods', async () => {
    await world.put(world.caches.nodes, node('a'));
    const one = await world.put(world.caches.workspaces, existingOnly('phi'));
    await world.ensure(one);
    await world.put(world.caches.nodes, node('b'));
    await world.put(world.caches.pods, pod('phi-0', one, 'b'));
    expect((await world.ensure(one)).workerNodes).toEqual(['b']);
  });

  test('a node that is not Ready keeps its place for a while, unless another is free', async () => {
    await world.put(world.caches.nodes, node('a'));
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    await world.ensure(one);
    await world.put(world.caches.nodes, node('a', { ready: 'Unknown', readySince: '2026-01-01T00:00:00Z' }));
    const waiting = await world.ensure(one);
    expect(waiting).toMatchObject({
      nodes: { ready: [], troubles: [{ name: 'a', kind: 'NotReady' }] },
      workerNodes: ['a'],
      requeueAfterMs: 300_000,
    });
    expect(world.claims()).toEqual([]);
    world.clock.advance(300_000);
    await world.ensure(one);
    expect(world.claims()).toHaveLength(1);
  });

  test('pressure is told of', async () => {
    await world.put(world.caches.nodes, node('a', { conditions: [{ type: 'DiskPressure', status: 'True' }] }));
    const one = await world.put(world.caches.workspaces, existingOnly('phi'));
    expect((await world.ensure(one)).nodes.underPressure).toEqual([{ name: 'a', pressures: ['DiskPressure'] }]);
  });
});
