import { controllerRevisions, coreEvents, deployments, type KubeObject, type Resource, services } from '@kaito/kube';
import { createCut, type Cut, type CutPoint, eventually, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workspaces } from '../cache/resources.ts';
import { kaitoCluster } from '../testing/cluster.ts';
import { type RunningOperator, startOperator } from '../testing/operator.ts';
import { doubledEvents, finalObjects, isSettled } from './testing/final-objects.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await kaitoCluster({ machines: true });
});

afterAll(async () => {
  await cluster.close();
});

const phi = `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}
inference: {preset: {name: phi-2, presetOptions: {image: "registry.example/phi:1"}}}
`;

type Step = 'apply' | 'delete';

/** Pods of a machine that is gone are for the cluster to remove. */
const left = [workspaces, services, deployments, controllerRevisions] as readonly Resource[];

/** From apply to Ready, or from delete until nothing is left. */
async function reached(step: Step, namespace: string): Promise<void> {
  const { client } = cluster;
  if (step === 'apply') await eventuallyOne(client, workspaces, { namespace, name: 'phi' }, isSettled);
  else for (const resource of left) await eventually({ client, resource, namespace }, (all) => all.length === 0);
}

async function begin(step: Step, namespace: string): Promise<void> {
  if (step === 'apply') await cluster.applyYaml(phi, namespace);
  else await cluster.client.delete(workspaces, { namespace, name: 'phi' });
}

const stopped: Promise<void>[] = [];
/** The one operator that acts. */
let operator: { readonly running: RunningOperator; readonly cut: Cut };

async function start(): Promise<void> {
  const cut = createCut();
  operator = { running: await startOperator({ config: cluster.config, intercept: cut.intercept }), cut };
}

async function lastEvent(namespace: string): Promise<void> {
  const source = { client: cluster.client, resource: coreEvents, namespace };
  await eventually(source, (all) => all.some(({ reason }) => reason === 'WorkspaceReady'));
}

/** One step with an operator that is cut off at a point, after which another takes over. @returns the call at which it was; undefined: none. */
async function through(step: Step, namespace: string, point?: CutPoint): Promise<string | undefined> {
  const { cut, running } = operator;
  const happened = cut.arm(point);
  await begin(step, namespace);
  const over = reached(step, namespace);
  // Where nothing is cut, the last event comes after what is waited for.
  const told = over.then(() => (step === 'apply' ? lastEvent(namespace) : undefined));
  told.catch(() => {});
  await Promise.race([happened, told]);
  if (cut.at !== undefined) {
    // It cannot do anything any more; its end is not waited for before the next one takes over.
    stopped.push(running.stop());
    await start();
  }
  await over;
  return cut.at;
}

test('an operator that is cut off at any call leaves what another one completes, the same as without', async () => {
  const { client } = cluster;
  await start();
  const uncut = await cluster.namespace();
  await through('apply', uncut);
  const expected = await finalObjects(client, uncut);
  expect(expected.map((object) => (object as KubeObject).kind).toSorted()).toEqual([
    'ControllerRevision',
    'Deployment',
    'NodeClaim',
    'Pod',
    'Service',
    'Workspace',
  ]);
  const calls = { apply: operator.cut.calls, delete: [] as readonly string[] };
  await through('delete', uncut);
  calls.delete = operator.cut.calls;
  const points = (step: Step): CutPoint[] =>
    calls[step].flatMap((_, at) => [{ at: at + 1, when: 'before' } as const, { at: at + 1, when: 'after' } as const]);
  const [applying, deleting] = [points('apply'), points('delete')];
  const cuts: string[] = [];
  for (let turn = 0; turn < Math.max(applying.length, deleting.length); turn += 1) {
    const namespace = await cluster.namespace();
    const cutAt = async (step: Step, point: CutPoint | undefined): Promise<string> => {
      const at = await through(step, namespace, point);
      const told = `${step} ${point?.at} ${point?.when}: ${at?.replaceAll(namespace, '…') ?? 'not reached'}`;
      if (point !== undefined) cuts.push(told);
      return told;
    };
    const applied = await cutAt('apply', applying[turn]);
    expect(await finalObjects(client, namespace), applied).toEqual(expected);
    expect(await doubledEvents(client, namespace), applied).toEqual([]);
    const deleted = await cutAt('delete', deleting[turn]);
    const kinds = (await finalObjects(client, namespace)).map((object) => (object as KubeObject).kind);
    expect(
      kinds.filter((kind) => kind !== 'Pod'),
      deleted,
    ).toEqual([]);
  }
  process.stdout.write(`${cuts.join('\n')}\n`);
  await Promise.all([...stopped, operator.running.stop()]);
}, 300_000);
