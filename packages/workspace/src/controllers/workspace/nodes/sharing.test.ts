import { gpuResource, type Workspace } from '@kaito/api';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { demandOf } from './demand.ts';
import { gpuAllocatable } from './node-facts.ts';
import { existingOnly, madeFor, node, planOf, pod, workspace, World } from './testing/world.ts';

const later = '2026-01-02T00:00:00Z';

describe('two Workspaces that want one node', () => {
  test('reconciled at the same moment: one gets it, the other rents', async () => {
    const world = new World();
    await world.put(world.caches.nodes, node('only'));
    const one = await world.put(world.caches.workspaces, workspace('one'));
    const two = await world.put(world.caches.workspaces, workspace('two'));
    const [first, second] = await Promise.all([world.ensure(one), world.ensure(two)]);
    expect(first.workerNodes).toEqual(['only']);
    expect(second.workerNodes).toEqual([]);
    expect(world.claims().map(({ metadata }) => metadata.labels?.['kaito.sh/workspace'])).toEqual(['two']);
  });

  test('a restart changes nothing: the status says who has it', async () => {
    const world = new World();
    await world.put(world.caches.nodes, node('only'));
    const young = await world.put(world.caches.workspaces, existingOnly('young', { createdAt: later }));
    await world.ensure(young);
    const old = await world.put(world.caches.workspaces, existingOnly('old'));
    world.ledger.clear();
    const outcome = await world.ensure(old);
    expect(outcome.workerNodes).toEqual([]);
    expect(outcome.faults[0]?.message).toContain('only has no GPU left beside Workspace team/young');
    expect((await world.ensure(young)).workerNodes).toEqual(['only']);
  });

  test('what becomes free goes to the one that has waited longer, whoever looks first', async () => {
    const world = new World();
    const old = await world.put(world.caches.workspaces, existingOnly('old'));
    const young = await world.put(world.caches.workspaces, existingOnly('young', { createdAt: later }));
    await Promise.all([world.ensure(old), world.ensure(young)]);
    await world.put(world.caches.nodes, node('fresh'));
    const outcome = await world.ensure(young);
    expect(outcome.workerNodes).toEqual([]);
    expect(outcome.faults[0]?.message).toContain('fresh goes to Workspace team/old, which has waited longer');
    expect((await world.ensure(old)).workerNodes).toEqual(['fresh']);
  });

  test('one that was edited or deleted since it waited holds nobody up', async () => {
    const world = new World();
    const old = await world.put(world.caches.workspaces, existingOnly('old'));
    const young = await world.put(world.caches.workspaces, existingOnly('young', { createdAt: later }));
    await world.ensure(old);
    await world.put(world.caches.workspaces, {
      ...old,
      metadata: { ...old.metadata, resourceVersion: undefined as never, generation: 2 },
    });
    await world.put(world.caches.nodes, node('fresh'));
    expect((await world.ensure(young)).workerNodes).toEqual(['fresh']);
  });

  test('a large node is shared as far as its GPUs go', async () => {
    const world = new World();
    await world.put(world.caches.nodes, node('large', { gpus: 2 }));
    const names = ['a', 'b', 'c'];
    const all = await Promise.all(names.map((name) => world.put(world.caches.workspaces, existingOnly(name))));
    const outcomes = await Promise.all(all.map((each) => world.ensure(each)));
    expect(outcomes.map(({ workerNodes }) => workerNodes)).toEqual([['large'], ['large'], []]);
  });

  test('pods decide where reservations are contradicted by the scheduler', async () => {
    const world = new World();
    for (const name of ['n1', 'n2']) await world.put(world.caches.nodes, node(name));
    const a = await world.put(world.caches.workspaces, existingOnly('a'));
    const b = await world.put(world.caches.workspaces, existingOnly('b', { createdAt: later }));
    await world.ensure(a);
    await world.ensure(b);
    await world.put(world.caches.pods, pod('a-0', a, 'n2'));
    await world.put(world.caches.pods, pod('b-0', b, 'n1'));
    expect((await world.ensure(a)).workerNodes).toEqual(['n2']);
    expect((await world.ensure(b)).workerNodes).toEqual(['n1']);
    expect(world.claims()).toEqual([]);
  });

  test('a machine made for one is its alone, even when it is idle', async () => {
    const world = new World();
    const one = await world.put(world.caches.workspaces, workspace('one'));
    await world.put(world.caches.nodes, node('made', { gpus: 4, labels: madeFor(one) }));
    const two = await world.put(world.caches.workspaces, existingOnly('two'));
    expect((await world.ensure(two)).faults[0]?.message).toContain('made belongs to Workspace team/one');
    const gone = await world.put(
      world.caches.nodes,
      node('left', { labels: { ...madeFor(one), 'kaito.sh/workspace': 'nobody' } }),
    );
    expect(gone.metadata.name).toBe('left');
    expect((await world.ensure(two)).faults[0]?.message).toContain(
      'left belongs to Workspace team/nobody, which is gone',
    );
  });
});

const fourGpus = 'Standard_NC96ads_A100_v4';

/** A pod template that asks for so many GPUs. */
function template(name: string, gpus: number, fields: Parameters<typeof workspace>[1]): Live<Workspace> {
  const { inference: _, ...rest } = workspace(name, fields);
  const containers = [
    { name: 'model', image: 'registry.example/model:1', resources: { limits: { [gpuResource]: gpus } } },
  ];
  return { ...rest, inference: { template: { spec: { containers } } } };
}

const specs = fc.array(
  fc.record({
    gpus: fc.integer({ min: 1, max: 4 }),
    count: fc.integer({ min: 1, max: 3 }),
    rents: fc.boolean(),
    day: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 2, maxLength: 4 },
);
const at = fc.nat({ max: 50 });
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('ensure' as const), who: fc.array(at, { minLength: 1, maxLength: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      gpus: fc.integer({ min: 0, max: 4 }),
      cordoned: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('ready', 'notReady', 'removeNode', 'run', 'fulfil', 'fail', 'removeClaim'),
      which: at,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart', 'wait') }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function pick<T>(items: readonly T[], which: number): T | undefined {
  return items.length === 0 ? undefined : items[which % items.length];
}

function sorted<T extends { readonly metadata: { readonly name?: string } }>(items: readonly T[]): readonly T[] {
  return items.toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
}

async function play(
  of: readonly { gpus: number; count: number; rents: boolean; day: number }[],
  actions: readonly Action[],
) {
  const world = new World();
  const { caches } = world;
  const all: Live<Workspace>[] = [];
  for (const [index, { gpus, count, rents, day }] of of.entries()) {
    const fields = { count, createdAt: `2026-01-0${day}T00:00:00Z`, instanceType: rents ? fourGpus : '' };
    all.push(await world.put(caches.workspaces, template(`w${index}`, gpus, fields)));
  }
  const demands = new Map(all.map((each) => [each.metadata.name!, demandOf(planOf(each)).gpus]));
  let made = 0;
  for (const step of actions) {
    switch (step.do) {
      case 'ensure': {
        const who = [...new Set(step.who.map((which) => pick(all, which)!))];
        await Promise.all(who.map((each) => world.ensure(each)));
        check();
        await settle(who);
        break;
      }
      case 'add':
        await world.put(
          caches.nodes,
          node(`node-${(made += 1)}`, { type: fourGpus, gpus: step.gpus, cordoned: step.cordoned }),
        );
        break;
      case 'ready':
      case 'notReady': {
        const found = pick(sorted(caches.nodes.list()), step.which);
        const conditions = [
          {
            type: 'Ready',
            status: step.do === 'ready' ? 'True' : 'Unknown',
            lastTransitionTime: world.clock.now().toISOString(),
          },
        ];
        if (found) await world.put(caches.nodes, { ...found, status: { ...found.status, conditions } });
        break;
      }
      case 'removeNode': {
        const found = pick(sorted(caches.nodes.list()), step.which);
        if (found) await world.remove(caches.nodes, found);
        break;
      }
      case 'run': {
        const one = pick(all, step.which)!;
        const where = caches.workspaces.get(`team/${one.metadata.name!}`)?.status?.workerNodes?.[0];
        if (where !== undefined)
          await world.put(
            caches.pods,
            pod(`${one.metadata.name!}-${where}`, one, where, demands.get(one.metadata.name!)),
          );
        break;
      }
      case 'fulfil': {
        const claim = pick(sorted(world.claims()), step.which);
        if (claim && claim.status?.nodeName === undefined) await world.fulfil(claim, { gpus: 4 });
        break;
      }
      case 'fail': {
        const claim = pick(sorted(world.claims()), step.which);
        if (claim && claim.status?.nodeName === undefined)
          await world.say(claim, 'Launched', 'Unknown', 'LaunchFailed');
        break;
      }
      case 'removeClaim': {
        const claim = pick(sorted(world.claims()), step.which);
        if (claim) await world.remove(caches.nodeClaims, claim);
        break;
      }
      case 'restart':
        world.ledger.clear();
        break;
      case 'wait':
        world.clock.advance(400_000);
    }
  }
  return sorted(all).map((each) => {
    const { workerNodes, nodeClaims } = caches.workspaces.get(`team/${each.metadata.name!}`)?.status ?? {};
    return { workerNodes, nodeClaims };
  });

  /** Looking again takes nothing from anybody; it gives at most what one that goes before has turned out not to need. */
  async function settle(who: readonly Live<Workspace>[]): Promise<void> {
    const have = () =>
      who.map((each) => caches.workspaces.get(`team/${each.metadata.name!}`)?.status?.workerNodes ?? []);
    for (let round = 0, gained = true; gained; round += 1) {
      const before = have();
      for (const each of who) await world.ensure(each);
      check();
      const after = have();
      for (const [index, nodes] of before.entries())
        expect(after[index], 'what it keeps').toEqual(expect.arrayContaining(nodes));
      gained = after.some((nodes, index) => nodes.length > before[index]!.length);
      expect(round, 'rounds until nobody gains').toBeLessThanOrEqual(who.length);
    }
  }

  function check(): void {
    for (const each of caches.nodes.list()) {
      const users = all.filter(({ metadata }) =>
        caches.workspaces.get(`team/${metadata.name!}`)?.status?.workerNodes?.includes(each.metadata.name!),
      );
      const used = users.reduce((sum, { metadata }) => sum + demands.get(metadata.name!)!, 0);
      if (gpuAllocatable(each) > 0)
        expect(used, `GPUs promised of ${each.metadata.name!}`).toBeLessThanOrEqual(gpuAllocatable(each));
    }
    for (const { metadata, resource } of all) {
      const living = world
        .claims()
        .filter(
          (claim) =>
            claim.metadata.labels?.['kaito.sh/workspace'] === metadata.name &&
            (claim.status?.nodeName === undefined || caches.nodes.get({ name: claim.status.nodeName }) !== undefined),
        );
      expect(living.length, `machines of ${metadata.name!}`).toBeLessThanOrEqual(resource!.count!);
      if (resource!.instanceType === '') expect(living).toEqual([]);
    }
  }
}

test('whatever happens, no GPU is promised twice, no Workspace has more machines than it asks for, and none loses what it has', async () => {
  await fc.assert(
    fc.asyncProperty(specs, fc.array(action, { maxLength: 30 }), async (of, actions) => {
      await play(of, actions);
    }),
    { numRuns: 300 },
  );
});

test('the same happenings have the same outcome', async () => {
  await fc.assert(
    fc.asyncProperty(specs, fc.array(action, { maxLength: 20 }), async (of, actions) => {
      expect(await play(of, actions)).toEqual(await play(of, actions));
    }),
    { numRuns: 40 },
  );
});
