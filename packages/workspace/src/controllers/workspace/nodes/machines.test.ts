import { nodeClaimName, workspaceUIDAnnotation } from '@kaito/api';
import { refusal } from '@kaito/kube/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { existingOnly, node, pod, workspace, World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const names = (claims: readonly { readonly metadata: { readonly name?: string } }[]) =>
  claims.map(({ metadata }) => metadata.name).toSorted();

describe('machines that are missing', () => {
  test('are asked for all at once, under names made of the UID, and only once', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi', { count: 3 }));
    const uid = one.metadata.uid!;
    const first = await world.ensure(one);
    const expected = [0, 1, 2].map((ordinal) => ({
      ordinal,
      attempt: 0,
      name: nodeClaimName({ workspaceUID: uid, ordinal, attempt: 0 }),
    }));
    expect(first.claims).toEqual(expected);
    expect(names(world.claims())).toEqual(expected.map(({ name }) => name).toSorted());
    expect(world.claims().every(({ metadata }) => metadata.annotations?.[workspaceUIDAnnotation] === uid)).toBe(true);
    expect(first).toMatchObject({ nodes: { wanted: 3, ready: [] }, workerNodes: [], faults: [] });
    expect(first.nodeClaims).toHaveLength(3);
    expect(world.events.map(({ reason }) => reason)).toEqual(['NodeClaimCreated']);
    const before = world.writes().length;
    await world.ensure(one);
    expect(world.writes().slice(before)).toEqual(['patch workspaces']);
    expect(world.claims()).toHaveLength(3);
  });

  test('become its nodes as they come; all ready, nothing is written any more', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi', { count: 2 }));
    await world.ensure(one);
    const [first, second] = world.claims();
    const a = await world.fulfil(first!);
    const half = await world.ensure(one);
    expect(half.nodes).toEqual({ wanted: 2, ready: [a.metadata.name] });
    const b = await world.fulfil(second!);
    const whole = await world.ensure(one);
    expect(whole.workerNodes).toEqual([a.metadata.name, b.metadata.name].toSorted());
    expect(whole.nodes.ready).toHaveLength(2);
    expect(world.claims()).toHaveLength(2);
  });

  test('existing nodes that match count, so that only the rest is rented', async () => {
    await world.put(world.caches.nodes, node('have'));
    const one = await world.put(world.caches.workspaces, workspace('phi', { count: 2 }));
    const outcome = await world.ensure(one);
    expect(outcome.nodes.ready).toEqual(['have']);
    expect(world.claims()).toHaveLength(1);
  });

  test('a machine on its way keeps its place when an existing node becomes free; one that fails does not', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    await world.ensure(one);
    await world.put(world.caches.nodes, node('late'));
    expect((await world.ensure(one)).nodes.ready).toEqual([]);
    await world.say(world.claims()[0]!, 'Launched', 'Unknown', 'LaunchFailed');
    expect((await world.ensure(one)).nodes.ready).toEqual(['late']);
    expect(world.claims()).toHaveLength(1);
  });

  test('one that failed for good stays, is shown, and is not asked for anew', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    await world.ensure(one);
    await world.say(world.claims()[0]!, 'Launched', 'False', 'SkuNotAvailable');
    const outcome = await world.ensure(one);
    expect(world.claims()).toHaveLength(1);
    expect(outcome.nodeClaims?.[0]?.conditions[0]?.reason).toBe('SkuNotAvailable');
  });
});

async function rented() {
  const one = await world.put(world.caches.workspaces, workspace('phi'));
  await world.ensure(one);
  return { one, claim: world.claims()[0]!, uid: one.metadata.uid! };
}

describe('a machine that is gone', () => {
  test('is asked for under another name, which is in the status before the create', async () => {
    const { one, claim, uid } = await rented();
    await world.fulfil(claim);
    await world.ensure(one);
    await world.remove(world.caches.nodes, world.caches.nodes.list()[0]!);
    await world.remove(world.caches.nodeClaims, claim);
    const before = world.client.calls.length;
    const outcome = await world.ensure(one);
    const next = { ordinal: 0, attempt: 1, name: nodeClaimName({ workspaceUID: uid, ordinal: 0, attempt: 1 }) };
    expect(outcome.claims).toEqual([next]);
    expect(names(world.claims())).toEqual([next.name]);
    const calls = world.client.calls.slice(before).map(({ verb, resource }) => `${verb} ${resource.plural}`);
    expect(calls).toEqual(['get nodeclaims', 'patch workspaces', 'create nodeclaims', 'patch workspaces']);
  });

  test('while its claim is still dying, the next is asked for', async () => {
    const { one, claim } = await rented();
    await world.put(world.caches.nodeClaims, {
      ...claim,
      metadata: { ...claim.metadata, finalizers: ['x/y'], deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    const outcome = await world.ensure(one);
    expect(outcome.claims[0]?.attempt).toBe(1);
    expect(world.claims()).toHaveLength(2);
  });

  test('a cut between the status and the create is made good under the same name', async () => {
    const { one, claim, uid } = await rented();
    await world.remove(world.caches.nodeClaims, claim);
    world.client.before = ({ verb }) => {
      if (verb === 'create') throw refusal(500, 'InternalError');
    };
    const cut = await world.ensure(one);
    expect(cut.faults).toMatchObject([{ code: 'InternalError', kind: 'transient' }]);
    expect(cut.requeueAfterMs).toBe(5000);
    world.client.before = () => {};
    world.ledger.clear();
    await world.ensure(one);
    expect(names(world.claims())).toEqual([nodeClaimName({ workspaceUID: uid, ordinal: 0, attempt: 1 })]);
  });

  test('is not asked for twice where only the cache is behind', async () => {
    const { one, claim } = await rented();
    world.caches.nodeClaims.forget({ name: claim.metadata.name! }, claim.metadata.uid!);
    const outcome = await world.ensure(one);
    expect(world.writes().filter((write) => write === 'create nodeclaims')).toHaveLength(1);
    expect(outcome.claims).toMatchObject([{ attempt: 0, name: claim.metadata.name }]);
  });

  test('a node that vanished counts as gone once the API server itself says so', async () => {
    const { one, claim } = await rented();
    const made = await world.fulfil(claim);
    await world.ensure(one);
    world.caches.nodes.forget({ name: made.metadata.name! }, made.metadata.uid!);
    await world.ensure(one);
    expect(world.claims()).toHaveLength(1);
    await world.remove(world.caches.nodes, made);
    const outcome = await world.ensure(one);
    expect(outcome.claims[0]?.attempt).toBe(1);
    expect(world.claims()).toHaveLength(2);
  });

  test('a provisioner that gives up at once is asked again only after pauses', async () => {
    const { one } = await rented();
    const end = async () => {
      for (const claim of world.claims()) await world.remove(world.caches.nodeClaims, claim);
    };
    await end();
    await world.ensure(one);
    expect(world.claims()).toHaveLength(1);
    await end();
    const paused = await world.ensure(one);
    expect(world.claims()).toHaveLength(0);
    expect(paused.requeueAfterMs).toBe(10_000);
    expect(paused.faults).toMatchObject([{ code: 'NodeClaimDeleted', kind: 'transient' }]);
    world.clock.advance(10_000);
    await world.ensure(one);
    expect(world.claims()).toHaveLength(1);
  });

  test('a name that another has is left to it', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    const uid = one.metadata.uid!;
    const taken = nodeClaimName({ workspaceUID: uid, ordinal: 0, attempt: 0 });
    const others = {
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodeClaim',
      metadata: { name: taken, annotations: { [workspaceUIDAnnotation]: 'other' } },
    };
    await world.client.create(world.caches.nodeClaims.resource, others as never);
    const outcome = await world.ensure(one);
    expect(outcome.claims).toEqual([
      { ordinal: 0, attempt: 1, name: nodeClaimName({ workspaceUID: uid, ordinal: 0, attempt: 1 }) },
    ]);
    expect(world.caches.workspaces.get('team/phi')?.status?.nodeClaims).toEqual(outcome.claims);
  });
});

describe('what the API server refuses', () => {
  test.each([
    [403, 'Forbidden', 'User cannot create', 'MissingRight', 'terminal', 60_000],
    [403, 'Forbidden', 'exceeded quota: machines', 'QuotaExceeded', 'terminal', 60_000],
    [422, 'Invalid', 'spec.requirements: Required', 'RefusedByApiServer', 'terminal', 60_000],
    [429, 'TooManyRequests', 'slow down', 'TooManyRequests', 'transient', 5000],
  ] as const)(
    '%i %s (%s) is a fault with a remedy, and the others go on',
    async (status, reason, message, code, kind, ms) => {
      const one = await world.put(world.caches.workspaces, workspace('phi', { count: 2 }));
      let creates = 0;
      world.client.before = ({ verb }) => {
        if (verb === 'create' && (creates += 1) === 1) throw refusal(status, reason, message);
      };
      const outcome = await world.ensure(one);
      expect(outcome.faults).toMatchObject([{ code, kind }]);
      expect(outcome.faults[0]?.message).toContain(message);
      expect(outcome.faults[0]?.remedy !== undefined).toBe(kind === 'terminal');
      expect(outcome.requeueAfterMs).toBe(ms);
      expect(world.claims()).toHaveLength(1);
      expect(outcome.claims).toHaveLength(1);
    },
  );

  test('a label that cannot be set is a fault; the node is used all the same', async () => {
    const bare = node('bare');
    await world.put(world.caches.nodes, {
      ...bare,
      metadata: { ...bare.metadata, labels: { ...bare.metadata.labels, accelerator: undefined as never } },
    });
    const one = await world.put(world.caches.workspaces, existingOnly('phi'));
    world.client.before = ({ resource, verb }) => {
      if (resource.plural === 'nodes' && verb === 'patch') throw refusal(403, 'Forbidden', 'cannot patch nodes');
    };
    const outcome = await world.ensure(one);
    expect(outcome.nodes.ready).toEqual(['bare']);
    expect(outcome.faults).toMatchObject([
      { code: 'MissingRight', remedy: expect.stringContaining('can-i patch nodes') },
    ]);
  });

  test('a defect is no fault', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    world.client.before = ({ verb }) => {
      if (verb === 'create') throw new TypeError('a defect');
    };
    await expect(world.ensure(one)).rejects.toThrow('a defect');
  });
});

describe('a surge machine', () => {
  test('is rented for the rollout, and what is idle afterwards is given back', async () => {
    const one = await world.put(world.caches.workspaces, workspace('phi'));
    await world.ensure(one);
    const old = await world.fulfil(world.claims()[0]!);
    await world.put(world.caches.pods, pod('phi-old', one, old.metadata.name));
    await world.ensure(one);
    expect((await world.ensure(one, { extraMachines: 1 })).claims).toHaveLength(2);
    const extra = world.claims().find(({ status }) => status?.nodeName === undefined)!;
    const fresh = await world.fulfil(extra);
    const both = await world.ensure(one, { extraMachines: 1 });
    expect(both.nodes).toMatchObject({ wanted: 1, ready: [old.metadata.name, fresh.metadata.name].toSorted() });
    await world.put(world.caches.pods, pod('phi-new', one, fresh.metadata.name));
    await world.ensure(one);
    expect(world.claims()).toHaveLength(2);
    await world.remove(world.caches.pods, world.caches.pods.get('team/phi-old')!);
    const after = await world.ensure(one);
    expect(names(world.claims())).toEqual([extra.metadata.name]);
    expect(after.workerNodes).toEqual([fresh.metadata.name]);
    await world.ensure(one);
    expect(world.claims()).toHaveLength(1);
  });
});
