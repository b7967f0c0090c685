import { type Intercept } from '@kaito/kube';
import { eventually, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeClaims, workspaces } from '../cache/resources.ts';
import { kaitoCluster } from '../testing/cluster.ts';
import { startOperator } from '../testing/operator.ts';
import { finalObjects, isSettled } from './testing/final-objects.ts';
import { faultyWire, lateWire, seeded } from './testing/wire-faults.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await kaitoCluster({ machines: true });
});

afterAll(async () => {
  await cluster.close();
});

const manifest = (resource: string, preset: string): string => `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {${resource}, labelSelector: {matchLabels: {apps: phi}}}
inference: {preset: {${preset}}}
`;

/** On one GPU, on several machines, and on a machine without GPUs. */
const manifests = [
  manifest('instanceType: Standard_NC24ads_A100_v4', 'name: phi-2'),
  manifest(
    'count: 2, instanceType: Standard_NC96ads_A100_v4',
    'name: llama-2-70b-chat, presetOptions: {image: "registry.example/llama:1"}',
  ),
  manifest('instanceType: Standard_D8s_v5', 'name: smollm2-135m-instruct'),
];

const inParallel = async <T, R>(
  items: readonly T[],
  work: (item: T, at: number) => Promise<R>,
): Promise<readonly R[]> => await Promise.all(items.map(work));

/** Three Workspaces, each in a namespace of its own, until they are Ready. */
async function broughtUp(): Promise<readonly { readonly namespace: string; readonly objects: readonly unknown[] }[]> {
  return await inParallel(manifests, async (yaml) => {
    const namespace = await cluster.namespace();
    await cluster.applyYaml(yaml, namespace);
    const ref = { namespace, name: 'phi' };
    await eventuallyOne(cluster.client, workspaces, ref, isSettled, 120_000);
    return { namespace, objects: await finalObjects(cluster.client, namespace) };
  });
}

async function takenDown(namespaces: readonly string[]): Promise<void> {
  await inParallel(namespaces, async (namespace) => {
    const { client } = cluster;
    await client.delete(workspaces, { namespace, name: 'phi' });
    await eventually({ client, resource: workspaces, namespace }, (all) => all.length === 0, 120_000);
    const labelSelector = `kaito.sh/workspacenamespace=${namespace}`;
    expect((await client.list(nodeClaims, { labelSelector })).items, 'machines of a Workspace that is gone').toEqual(
      [],
    );
  });
}

interface Wire {
  readonly intercept: Intercept;
  /** How often it did what. */
  readonly seen: ReadonlyMap<string, number>;
}

test.each<readonly [what: string, wire: () => Wire]>([
  ['loses, refuses and delays calls, seed 1', () => faultyWire(seeded(1), 0.3)],
  ['loses, refuses and delays calls, seed 2', () => faultyWire(seeded(2), 0.3)],
  ['tells of every change late, and of some twice', () => lateWire(seeded(3))],
])(
  'on a wire that %s, all ends as on a sound one',
  async (what, wire) => {
    const { config } = cluster;
    const sound = await startOperator({ config });
    const expected = await broughtUp();
    await takenDown(expected.map(({ namespace }) => namespace));
    await sound.stop();

    const { intercept, seen } = wire();
    const operator = await startOperator({ config, intercept });
    const found = await broughtUp();
    expect(found.map(({ objects }) => objects)).toEqual(expected.map(({ objects }) => objects));
    await takenDown(found.map(({ namespace }) => namespace));
    await operator.stop();
    const told = [...seen].toSorted().map(([fault, times]) => `${times} × ${fault}`);
    process.stdout.write(`${what}: ${told.join(', ')}\n`);
    expect(seen.size).toBeGreaterThan(1);
  },
  300_000,
);
