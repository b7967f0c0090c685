import { isTrue } from '@kaito/api';
import {
  createCut,
  type Cut,
  type CutPoint,
  eventuallyGone,
  eventuallyOne,
  type TestCluster,
  testCluster,
} from '@kaito/kube/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { nodeClaims } from '../cache/resources.ts';
import { nodeClaim } from '../testing/claims.ts';
import { type Cloud, cloudOf } from '../testing/cloud.ts';
import { azureError, type MemoryPools } from '../testing/memory-pools.ts';
import { type RunningProvisioner, startProvisioner } from '../testing/provisioner.ts';
import { cutPools } from './testing/cut-pools.ts';
import { finalState } from './testing/final-state.ts';

const crds = ['karpenter.sh_nodeclaims.yaml', 'kaito.sh_kaitonodeclasses.yaml'].map(
  (file) => new URL(`../../../../charts/kaito/files/crds/${file}`, import.meta.url).pathname,
);

let cluster: TestCluster;
let cloud: Cloud;

beforeAll(async () => {
  cluster = await testCluster();
  await cluster.applyCrds(crds);
  cloud = cloudOf(cluster.client);
});

afterAll(async () => {
  await cluster.close();
});

afterEach(async () => {
  await Promise.all([...stopped.splice(0), provisioner.running.stop()]);
});

type Step = 'create' | 'delete';

/** The one provisioner that acts. */
let provisioner: { readonly running: RunningProvisioner; readonly cut: Cut };
const stopped: Promise<void>[] = [];

async function start(): Promise<void> {
  const cut = createCut();
  const { config } = cluster;
  const running = await startProvisioner({ config, agentPools: cutPools(cut, cloud.pools), intercept: cut.intercept });
  provisioner = { running, cut };
}

async function begin(step: Step, name: string): Promise<void> {
  const { client } = cluster;
  const claim = nodeClaim({ name, types: ['Standard_NC6s_v3', 'Standard_NC24ads_A100_v4'] });
  const { creationTimestamp: _, ...metadata } = claim.metadata;
  if (step === 'create') await client.create(nodeClaims, { ...claim, metadata });
  else await client.delete(nodeClaims, { name });
}

async function reached(step: Step, name: string): Promise<void> {
  const { client } = cluster;
  if (step === 'delete') await eventuallyGone(client, nodeClaims, { name });
  else await eventuallyOne(client, nodeClaims, { name }, ({ status }) => isTrue(status?.conditions, 'Ready'));
}

/** One step with a provisioner that is cut off at a point, after which another takes over. @returns the call at which it was; undefined: none. */
async function through(step: Step, name: string, point?: CutPoint): Promise<string | undefined> {
  const { cut, running } = provisioner;
  const happened = cut.arm(point);
  const over = (async () => {
    await begin(step, name);
    await reached(step, name);
  })();
  over.catch(() => {});
  await Promise.race([happened, over]);
  if (cut.at !== undefined) {
    // It cannot do anything any more; its end is not waited for before the next one takes over.
    stopped.push(running.stop());
    await start();
  }
  await over;
  return cut.at;
}

const late: MemoryPools['fail'] = (_, { vmSize }) =>
  vmSize === 'Standard_NC6s_v3' ? azureError('CapacityMissing') : undefined;

test.each([
  ['the machine comes at once', 'ws', () => undefined],
  ['the first machine type fails late, and the second one comes', 'wt', late],
] as const)(
  'a provisioner that is cut off at any call leaves what another one completes, with one machine and none left over: %s',
  async (_, prefix, fail) => {
    cloud.pools.fail = fail;
    await start();
    const first = `${prefix}0`;
    await through('create', first);
    const expected = await finalState(cluster.client, cloud.pools.pools, first);
    expect(expected).toHaveLength(3);
    const calls = { create: provisioner.cut.calls, delete: [] as readonly string[] };
    await through('delete', first);
    calls.delete = provisioner.cut.calls;
    const points = (step: Step): CutPoint[] =>
      calls[step].flatMap((_, at) => [{ at: at + 1, when: 'before' } as const, { at: at + 1, when: 'after' } as const]);
    const [creating, deleting] = [points('create'), points('delete')];
    const cuts: string[] = [];
    for (let turn = 0; turn < Math.max(creating.length, deleting.length); turn += 1) {
      const name = `${prefix}${turn + 1}`;
      const cutAt = async (step: Step, point: CutPoint | undefined): Promise<string> => {
        const at = await through(step, name, point);
        const told = `${step} ${point?.at} ${point?.when}: ${at ?? 'not reached'}`;
        if (point !== undefined) cuts.push(told);
        return told;
      };
      const created = await cutAt('create', creating[turn]);
      expect(await finalState(cluster.client, cloud.pools.pools, name), created).toEqual(expected);
      const deleted = await cutAt('delete', deleting[turn]);
      expect(await finalState(cluster.client, cloud.pools.pools, name), deleted).toEqual([]);
      expect(
        cloud.machines.filter((each) => each === name),
        created,
      ).toHaveLength(1);
    }
    expect([...cloud.pools.pools.keys()]).toEqual(['systempool']);
    process.stdout.write(`${cuts.join('\n')}\n`);
  },
  300_000,
);
