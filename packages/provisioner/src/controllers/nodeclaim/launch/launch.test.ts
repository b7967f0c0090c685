import { instanceTypeLabel } from '@kaito/api';
import { expect, test } from 'vitest';
import { claimUIDOf } from '../../../agent-pool/ownership.ts';
import { nodeClaim, nodeClass } from '../../../testing/claims.ts';
import { azureError } from '../../../testing/memory-pools.ts';
import { options, World } from '../../../testing/world.ts';

const name = 'ws0a1b2c3d4';
const [a, b] = ['Standard_NC24ads_A100_v4', 'Standard_NC6s_v3'];

async function worldWith(fields: Parameters<typeof nodeClaim>[0] = {}): Promise<World> {
  const world = new World();
  await world.claim(nodeClaim(fields));
  return world;
}
const sku = (vmSize: string, family: string) => ({ name: vmSize, family, vCPUs: 24, zones: [], restrictions: [] });
const writes = (world: World): string[] => world.pools.calls.filter((call) => /^(create|delete)/.test(call));

test("W2: a claim with the name of somebody's pool is refused, now and later, and the pool is never touched", async () => {
  const world = new World();
  const before = world.pools.put('nodepool1', { mode: 'User', count: 3 });
  await world.claim(nodeClaim({ name: 'nodepool1' }));
  await world.look('nodepool1');
  expect(world.condition('nodepool1', 'Launched')).toBe('False PoolNameTaken');
  expect(world.message('nodepool1')).toContain('Remedy: delete the NodeClaim (kubectl delete nodeclaim nodepool1)');
  const calls = world.pools.calls.length;
  await world.look('nodepool1');
  expect(world.pools.calls).toHaveLength(calls);
  await world.deleteClaim('nodepool1');
  expect(await world.gone('nodepool1')).toBe(true);
  expect(world.pools.pools.get('nodepool1')).toBe(before);
  expect(writes(world)).toEqual(['create nodepool1']);
});

test('W3: a launch goes on after a restart, by the operation that the claim has written down', async () => {
  const world = await worldWith();
  world.pools.looks = 3;
  await world.look(name);
  world.restart();
  expect(await world.ready(name)).toBe(true);
  expect(writes(world)).toEqual([`create ${name}`]);
});

test('W3: the answer to the creation is lost: the pool is known by its tag, and there is no second one', async () => {
  const world = await worldWith();
  world.pools.intercept = async (call, send) => {
    const answer = await send();
    if (call.startsWith('create') && world.pools.calls.length < 4)
      throw azureError('NetworkUnreachable', { retry: 'soon' });
    return answer;
  };
  expect(await world.run(name, () => world.condition(name, 'Launched') === 'Unknown NetworkUnreachable')).toBe(true);
  expect(await world.ready(name)).toBe(true);
  expect(writes(world)).toEqual([`create ${name}`, `create ${name}`]);
  expect(claimUIDOf(world.pools.pools.get(name)!)).toBe(world.now(name)?.metadata.uid);
});

test('a pool that a Go provisioner made for this claim is taken over as it is', async () => {
  const world = await worldWith();
  const pool = world.pools.put(name, {
    vmSize: a,
    nodeLabels: {
      'karpenter.sh/nodepool': 'kaito',
      'kaito.sh/machine-type': 'gpu',
      'kaito.sh/workspace': 'phi',
      'kaito.sh/creation-timestamp': '2026-01-01T00-00-00Z',
    },
  });
  await world.pools.onMachine(pool, true);
  expect(await world.ready(name)).toBe(true);
  expect(world.pools.pools.get(name)).toBe(pool);
});

test('W4: each look asks for one thing and waits for none; the next one is as far off as Azure says', async () => {
  const world = await worldWith();
  world.pools.looks = 100;
  world.pools.retryAfterMs = 7_000;
  expect(await world.look(name)).toEqual({ requeueAfterMs: 7_000 });
  // Something changes in the cluster meanwhile.
  world.clock.advance(2_000);
  expect(await world.look(name)).toEqual({ requeueAfterMs: 5_000 });
  expect(world.pools.polls).toBe(0);
  world.clock.advance(5_000);
  expect(await world.look(name)).toEqual({ requeueAfterMs: 7_000 });
  expect([world.pools.calls, world.pools.polls]).toEqual([['list', `create ${name}`], 1]);
  expect(world.condition(name, 'Launched')).toBe('Unknown PoolCreating');
});

test.each([
  ['QuotaExceeded', 'later', 'Unknown QuotaExceeded'],
  ['SkuNotAvailable', 'later', 'Unknown SKUNotAvailable'],
  ['SkuNotAvailable', 'never', 'False SKUNotAvailable'],
  ['CapacityMissing', 'later', 'Unknown CapacityMissing'],
  ['ZoneNotAvailable', 'later', 'Unknown ZoneNotAvailable'],
  ['RightMissing', 'later', 'Unknown RightMissing'],
  ['PolicyDenied', 'never', 'False PolicyDenied'],
  ['InvalidRequest', 'never', 'False InvalidRequest'],
  ['PoolLimitReached', 'later', 'Unknown PoolLimitReached'],
  ['SubnetFull', 'later', 'Unknown SubnetFull'],
  ['ClusterStopped', 'later', 'Unknown ClusterStopped'],
  ['FederationMissing', 'later', 'Unknown FederationMissing'],
  ['NetworkUnreachable', 'soon', 'Unknown NetworkUnreachable'],
  ['Throttled', 'soon', 'Unknown Throttled'],
] as const)(
  'W5: %s, to be tried %s, is %s, told by one event, and asked for no sooner than that',
  async (code, retry, condition) => {
    const world = await worldWith();
    world.pools.refuse = () => azureError(code, { retry });
    const result = await world.look(name);
    expect(world.condition(name, 'Launched')).toBe(condition);
    expect(world.message(name)).toMatch(new RegExp(`Azure says ${code}\\. Remedy: az mend ${code}$`));
    const told = world.events.length;
    expect(told).toBe(1);
    const calls = world.pools.calls.length;
    await world.look(name);
    expect([world.pools.calls.length, world.events.length]).toEqual([calls, told]);
    if (retry === 'never') expect(result).toEqual({});
    else expect(result?.requeueAfterMs).toBeGreaterThanOrEqual(retry === 'soon' ? 2_000 : 60_000);
  },
);

test('W5: what comes right is found out, with longer and longer waits until then', async () => {
  const world = await worldWith();
  world.pools.refuse = () => azureError('QuotaExceeded');
  const waits: number[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    const result = await world.look(name);
    waits.push(result!.requeueAfterMs! / 1000);
    world.clock.advance(result!.requeueAfterMs!);
  }
  expect(waits).toEqual([60, 120, 240, 480, 600, 600]);
  world.pools.refuse = () => undefined;
  expect(await world.ready(name)).toBe(true);
  expect(world.now(name)?.metadata.annotations).toEqual({ 'karpenter.sh/do-not-disrupt': 'true' });
});

test('W7: the message is one line that begins with what is wrong, whatever Azure says', async () => {
  const world = await worldWith();
  const dump = `quota of family NCADS is used up\n${'-'.repeat(80)}\n${'🙂ünï'.repeat(300)}`;
  world.pools.refuse = () => azureError('QuotaExceeded', { message: dump, remedy: 'az quota'.repeat(200) });
  await world.look(name);
  const message = world.message(name);
  expect(message.slice(0, 256)).toContain('quota of family NCADS is used up');
  expect(message.indexOf('Remedy: ')).toBeLessThan(256);
  expect(message).not.toMatch(/\n|[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
});

test('W8: the next machine type, and zone, is tried where one cannot be had; the pool of the failed one is taken away first', async () => {
  const world = await worldWith({ types: [a, b] });
  await world.nodeClass(nodeClass({ zones: ['1', '2'] }));
  const asked: string[] = [];
  world.pools.refuse = (_, { vmSize, availabilityZones }) => {
    asked.push(`${vmSize} ${availabilityZones?.join()}`);
    return vmSize === a ? azureError('SkuNotAvailable') : undefined;
  };
  world.pools.fail = (_, { availabilityZones }) =>
    availabilityZones?.[0] === '1' ? azureError('CapacityMissing') : undefined;
  expect(await world.ready(name)).toBe(true);
  expect(asked).toEqual([`${a} 1`, `${a} 2`, `${b} 1`, `${b} 2`]);
  expect(writes(world).slice(2)).toEqual([`create ${name}`, `delete ${name}`, `create ${name}`]);
  expect(world.now(name)?.metadata.labels).toMatchObject({
    [instanceTypeLabel]: b,
    'topology.kubernetes.io/zone': 'westus3-2',
  });
});

test('none can be had: the first is told with its remedy, the others by name, and all are tried again', async () => {
  const world = await worldWith({ types: [a, b] });
  world.pools.refuse = (_, { vmSize }) =>
    azureError(vmSize === a ? 'QuotaExceeded' : 'SkuNotAvailable', { retry: vmSize === a ? 'later' : 'never' });
  expect(await world.run(name, () => world.condition(name, 'Launched') === 'Unknown QuotaExceeded')).toBe(true);
  expect(world.message(name)).toBe(
    `${a}: Azure says QuotaExceeded; nor can others be had: ${b}: SKUNotAvailable. Remedy: az mend QuotaExceeded`,
  );
  world.pools.refuse = (_, { vmSize }) => (vmSize === a ? undefined : azureError('SkuNotAvailable'));
  expect(await world.ready(name)).toBe(true);
});

test('a claim that failed for good is tried again when its class is edited', async () => {
  const world = await worldWith();
  world.pools.refuse = (_, { maxPods }) =>
    maxPods === 30 ? undefined : azureError('InvalidRequest', { retry: 'never' });
  await world.look(name);
  expect(world.condition(name, 'Launched')).toBe('False InvalidRequest');
  await world.nodeClass(nodeClass({ maxPods: 30 }));
  expect(await world.ready(name)).toBe(true);
});

test('a class that is missing or wrong is waited for; Azure is not asked', async () => {
  const world = await worldWith({ nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'fast' } });
  await world.look(name);
  expect(world.condition(name, 'Launched')).toBe('Unknown NodeClassNotFound');
  await world.nodeClass(nodeClass({ osDisk: { sizeGiB: 1 } }, 'fast'));
  await world.look(name);
  expect(world.condition(name, 'Launched')).toBe('Unknown NodeClassInvalid');
  expect(world.message(name)).toContain('spec.osDisk.sizeGiB');
  expect(world.pools.calls).toEqual([]);
  await world.nodeClass(nodeClass({ osDisk: { sizeGiB: 120 } }, 'fast'));
  expect(await world.ready(name)).toBe(true);
});

test('a claim that cannot be fulfilled as written asks nothing of Azure', async () => {
  const world = await worldWith({ types: [] });
  await world.look(name);
  expect(world.condition(name, 'Launched')).toBe('False NoInstanceType');
  expect(world.pools.calls).toEqual([]);
});

test('W4: an operation that never ends is given up after its time, its pool taken away, and tried again', async () => {
  const world = await worldWith();
  world.pools.looks = Infinity;
  await world.look(name);
  world.clock.advance(options.timeouts.launchMs + 1_000);
  world.pools.parallel = Infinity;
  await world.look(name);
  expect(world.now(name)?.metadata.annotations?.['kaito.sh/launch-failures']).toContain('TimedOut');
  expect(world.condition(name, 'Launched')).toBe('Unknown PoolOperationQueued');
});

test('machines that fail late, each time, are tried with longer and longer pauses; the reason is told meanwhile', async () => {
  const world = await worldWith({ types: [a, b] });
  world.pools.fail = () => azureError('CapacityMissing');
  const pauses: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    expect(await world.run(name, () => world.condition(name, 'Launched') === 'Unknown CapacityMissing')).toBe(true);
    expect([...world.pools.pools.keys()]).toEqual(['systempool']);
    const waits = (await world.look(name))!.requeueAfterMs!;
    pauses.push(Math.round(waits / 60_000));
    world.clock.advance(waits);
    await world.look(name);
  }
  expect(pauses).toEqual([1, 2, 4]);
  world.pools.fail = () => undefined;
  expect(await world.ready(name)).toBe(true);
});

test('a pool that comes up Failed without an operation to ask is taken away and made again', async () => {
  const world = await worldWith();
  world.pools.fail = () => azureError('OperationFailed');
  await world.look(name);
  world.restart();
  world.pools.fail = () => undefined;
  expect(await world.ready(name)).toBe(true);
  expect(writes(world)).toEqual([`create ${name}`, `delete ${name}`, `create ${name}`]);
});

test('the pool was deleted by hand while it was being made: it is made again', async () => {
  const world = await worldWith();
  await world.look(name);
  world.pools.pools.delete(name);
  world.pools.intercept = (call, send) => (call === 'poll' ? Promise.resolve({ state: 'unknown' }) : send());
  world.clock.advance(1_000);
  await world.look(name);
  world.pools.intercept = (_, send) => send();
  world.pools.parallel = 2;
  expect(writes(world)).toEqual([`create ${name}`]);
  await world.run(name, () => writes(world).length === 2);
  expect(writes(world)).toEqual([`create ${name}`, `create ${name}`]);
});

test('W20: a pool without a provisioning state, and one of several machines, are no reason to fail', async () => {
  const world = await worldWith();
  await world.look(name);
  const pool = world.pools.pools.get(name)!;
  const { provisioningState: _, ...rest } = pool.properties;
  world.pools.pools.set(name, { ...pool, properties: rest });
  world.pools.intercept = (call, send) => (call === 'poll' ? Promise.resolve({ state: 'unknown' }) : send());
  world.clock.advance(1_000);
  await world.look(name);
  expect(world.condition(name, 'Launched')).toBe('Unknown PoolCreating');
});

test('claims take turns where AKS runs one operation at a time, with few requests more than one each', async () => {
  const world = new World();
  world.pools.parallel = 1;
  const names = Array.from({ length: 20 }, (_, at) => `ws${at}`);
  for (const each of names) await world.claim(nodeClaim({ name: each }));
  let open = names;
  for (let turn = 0; turn < 200 && open.length > 0; turn += 1) {
    for (const each of open) await world.look(each);
    world.clock.advance(1_000);
    open = open.filter((each) => world.condition(each, 'Ready') !== 'True Ready');
  }
  expect(open).toEqual([]);
  expect(world.pools.mostRunning).toBe(1);
  expect(world.pools.calls.filter((call) => call.startsWith('create')).length).toBeLessThan(names.length + 5);
});

test('quotas and offers decide the order; where they cannot be seen, that is told once and the pool is asked for all the same', async () => {
  const usage = { name: 'standardNCADSA100v4Family', localizedName: 'NCADS A100 v4', current: 0, limit: 0 };
  const compute = {
    usages: () => Promise.resolve([usage]),
    skus: () => Promise.resolve([sku(a, usage.name), sku(b, 'other')]),
  };
  const world = new World({ compute });
  await world.claim(nodeClaim({ types: [a, b] }));
  expect(await world.ready(name)).toBe(true);
  expect(world.now(name)?.metadata.labels?.[instanceTypeLabel]).toBe(b);

  const forbidden = { usages: () => Promise.reject(azureError('RightMissing')), skus: compute.skus };
  const blind = new World({ compute: forbidden });
  await blind.claim(nodeClaim({ types: [a, b] }));
  expect(await blind.ready(name)).toBe(true);
  expect(blind.now(name)?.metadata.labels?.[instanceTypeLabel]).toBe(a);
  const told = blind.events.filter(({ reason }) => reason === 'QuotaUnknown');
  expect(told).toHaveLength(1);
  expect(told[0]?.message).toContain(
    'az role assignment create --assignee 00000000-0000-0000-0000-000000000002 --role Reader --scope /subscriptions/00000000-0000-0000-0000-000000000001',
  );
});

test("the system pool's subnets are the default, those of the class go before them", async () => {
  const world = await worldWith();
  world.pools.put('systempool', { mode: 'System', vnetSubnetID: '/subnets/nodes', podSubnetID: '/subnets/pods' });
  await world.nodeClass(
    nodeClass({
      podSubnetID: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/own',
    }),
  );
  expect(await world.ready(name)).toBe(true);
  expect(world.pools.pools.get(name)?.properties).toMatchObject({
    vnetSubnetID: '/subnets/nodes',
    podSubnetID: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/own',
  });
});

test('what cannot be read in the annotations counts as nothing', async () => {
  const world = await worldWith({
    annotations: { 'kaito.sh/agent-pool-operation': '{"phase":', 'kaito.sh/launch-failures': '[null,{"candidate":1}]' },
  });
  expect(await world.ready(name)).toBe(true);
});
