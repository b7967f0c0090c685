import { nodeClaimName, workspaceUIDAnnotation } from '@kaito/api';
import { refusal } from '@kaito/kube/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { existingOnly, gpuType, madeFor, node, pod, workspace, World } from './testing/world.ts';

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
