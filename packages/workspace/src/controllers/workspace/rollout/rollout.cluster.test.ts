import { findCondition, isTrue, type NodeClaim, type Workspace } from '@kaito/api';
import { deployments, type Intercept, pods } from '@kaito/kube';
import { eventually, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { nodeClaims, workspaces } from '../../../cache/resources.ts';
import { kaitoCluster } from '../../../testing/cluster.ts';
import { type RunningOperator, startOperator } from '../../../testing/operator.ts';
import { isComplete } from './progress.ts';

let cluster: TestCluster;
let operator: RunningOperator;
let namespace: string;

beforeAll(async () => {
  cluster = await kaitoCluster({ machines: true });
});

beforeEach(async () => {
  namespace = await cluster.namespace();
  operator = await startOperator({ config: cluster.config });
});

afterEach(async () => {
  const { items } = await cluster.client.list(workspaces, { namespace });
  await Promise.all(items.map(async ({ metadata }) => await cluster.client.delete(workspaces, ref(metadata.name!))));
  await eventually({ client: cluster.client, resource: workspaces, namespace }, (all) => all.length === 0);
  await eventually({ client: cluster.client, resource: nodeClaims }, (all) => !all.some(isHere));
  await operator.stop();
});

afterAll(async () => {
  await cluster.close();
});

type Manifest = { readonly type?: string; readonly annotations?: Record<string, string> };

const phi = (name: string, { type = 'Standard_NC24ads_A100_v4', annotations = {} }: Manifest = {}): string => `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: ${name}, annotations: ${JSON.stringify(annotations)}}
resource: {instanceType: ${type}, labelSelector: {matchLabels: {apps: ${name}}}}
inference: {preset: {name: phi-2}}
`;

const withPod = (image: string): string => `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: own}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: own}}}
inference: {template: {spec: {containers: [{name: own, image: "${image}", resources: {limits: {nvidia.com/gpu: 1}}}]}}}
`;

const ready = ({ status }: Live<Workspace>): boolean => isTrue(status?.conditions, 'WorkspaceReady');
const heldUpdate = ({ status }: Live<Workspace>): string | undefined =>
  isTrue(status?.conditions, 'UpdateAvailable')
    ? findCondition(status?.conditions, 'UpdateAvailable')?.message
    : undefined;
const imageOf = ({ spec }: Live<Deployment>): string => spec!.template.spec!.containers[0]!.image!;
const isFrom = (registry: string) => (deployment: Live<Deployment>) =>
  imageOf(deployment).startsWith(`${registry}/`) && isComplete(deployment);

const isHere = ({ metadata }: Live<NodeClaim>): boolean =>
  metadata.labels?.['kaito.sh/workspacenamespace'] === namespace;
const ref = (name: string) => ({ namespace, name });

async function bringUp(...manifests: readonly string[]): Promise<void> {
  await cluster.applyYaml(manifests.join('---'), namespace);
  await eventually({ client: cluster.client, resource: workspaces, namespace }, (all) => all.every(ready));
}

/** Another version of the operator takes over, which pulls preset images from another registry. */
async function replaceOperator(presetRegistry: string, intercept?: Intercept): Promise<void> {
  await operator.stop();
  operator = await startOperator({
    config: cluster.config,
    settings: { presetRegistry },
    ...(intercept !== undefined && { intercept }),
  });
}

async function annotate(name: string, annotations: Record<string, string>): Promise<void> {
  await cluster.client.patch(workspaces, ref(name), { type: 'merge', body: { metadata: { annotations } } });
}

async function podsOf(): Promise<readonly (string | undefined)[]> {
  const { items } = await cluster.client.list(pods, { namespace });
  return items.map(({ metadata }) => metadata.uid).toSorted();
}

async function claims(): Promise<readonly (string | undefined)[]> {
  const { items } = await cluster.client.list(nodeClaims, {
    labelSelector: `kaito.sh/workspacenamespace=${namespace}`,
  });
  return items.map(({ metadata }) => metadata.name);
}

describe('what a newer operator would do differently', () => {
  test('is told and held; the word of the person lets it through, one Workspace at a time', async () => {
    const names = ['a', 'b', 'c'];
    await bringUp(...names.map((name) => phi(name)));
    const before = await podsOf();
    /** Deployments that were written while another was not yet complete. */
    const early: string[] = [];
    const written: string[] = [];
    await replaceOperator('registry.example/newer', async (call, send) => {
      const [, name] = /\/deployments\/(\w+)(?:\?|$)/.exec(call.path) ?? [];
      if (call.method === 'PUT' && name !== undefined) {
        for (const other of written) {
          if (other !== name && !isComplete(await cluster.client.get(deployments, ref(other)))) early.push(name);
        }
        written.push(name);
      }
      return await send();
    });
    const told = await eventually({ client: cluster.client, resource: workspaces, namespace }, (all) => {
      const messages = all.map(heldUpdate);
      return messages.every((message) => message !== undefined) && messages;
    });
    expect(told[0]).toContain('mcr.microsoft.com/aks/kaito/kaito-phi-2');
    expect(told[0]).toContain('registry.example/newer/kaito-phi-2');
    expect(told[0]).toMatch(
      /waits for your word: kubectl annotate workspace a -n \S+ --overwrite kaito.sh\/update=a-[0-9a-f]{8}/,
    );
    expect(await podsOf()).toEqual(before);
    expect(written).toEqual([]);

    const [, key, value] = /(kaito.sh\/update)=(\S+)/.exec(told[0]!)!;
    await annotate('a', { [key!]: value! });
    await annotate('b', { 'kaito.sh/update': 'now' });
    for (const name of ['a', 'b']) {
      await eventuallyOne(cluster.client, deployments, ref(name), isFrom('registry.example/newer'));
      await eventuallyOne(cluster.client, workspaces, ref(name), (one) => ready(one) && heldUpdate(one) === undefined);
    }
    expect(early).toEqual([]);
    expect(new Set(written)).toEqual(new Set(['a', 'b']));
    expect(imageOf(await cluster.client.get(deployments, ref('c')))).toMatch(/^mcr/);
  });

  test('goes by itself when the window is open', async () => {
    const hour = (new Date().getUTCHours() + 12) % 24;
    await bringUp(phi('night', { annotations: { 'kaito.sh/update-window': `0 ${hour} * * * 1h` } }));
    await replaceOperator('registry.example/newer');
    const held = await eventuallyOne(cluster.client, workspaces, ref('night'), (one) => heldUpdate(one) !== undefined);
    expect(heldUpdate(held)).toMatch(
      new RegExp(`its window, which opens at \\d+-\\d+-\\d+T${String(hour).padStart(2, '0')}:00Z`),
    );
    await annotate('night', { 'kaito.sh/update-window': '0 * * * * 60m' });
    await eventuallyOne(cluster.client, deployments, ref('night'), isFrom('registry.example/newer'));
  });

  test('is forgotten when the old operator comes back', async () => {
    await bringUp(phi('back'));
    const before = await podsOf();
    await replaceOperator('registry.example/newer');
    await eventuallyOne(cluster.client, workspaces, ref('back'), (one) => heldUpdate(one) !== undefined);
    await replaceOperator('mcr.microsoft.com/aks/kaito');
    await eventuallyOne(cluster.client, workspaces, ref('back'), (one) => heldUpdate(one) === undefined);
    expect(await podsOf()).toEqual(before);
  });
});

describe('a rollout', () => {
  /** Updates it. @returns how many pods were ready at each change of the Deployment until the rollout was over. */
  async function readyPodsInUpdate(name: string): Promise<readonly number[]> {
    await replaceOperator('registry.example/newer');
    const held = await eventuallyOne(cluster.client, workspaces, ref(name), (one) => heldUpdate(one) !== undefined);
    costs.push(heldUpdate(held)!);
    const seen: number[] = [];
    const over = eventuallyOne(cluster.client, deployments, ref(name), (deployment) => {
      seen.push(deployment.status?.readyReplicas ?? 0);
      const { maxSurge } = deployment.spec!.strategy!.rollingUpdate!;
      return isFrom('registry.example/newer')(deployment) && maxSurge === 0;
    });
    await Promise.all([over, annotate(name, { 'kaito.sh/update': 'now' })]);
    return seen;
  }
  const costs: string[] = [];

  test('begins the new pod beside the old one where GPUs are free', async () => {
    await bringUp(phi('shared', { type: 'Standard_NC64as_T4_v3' }));
    expect(Math.min(...(await readyPodsInUpdate('shared')))).toBe(1);
    expect(costs.at(-1)).toContain('it costs no downtime');
    expect(await claims()).toHaveLength(1);
  });

  test('rents a machine for its time where the Workspace allows it, and gives one back', async () => {
    await bringUp(phi('alone', { annotations: { 'kaito.sh/surge': 'node' } }));
    const [first] = await claims();
    expect(Math.min(...(await readyPodsInUpdate('alone')))).toBe(1);
    expect(costs.at(-1)).toContain('it costs no downtime');
    const rented = await eventually({ client: cluster.client, resource: nodeClaims }, (all) => {
      const own = all.filter(isHere);
      return own.length === 1 && own[0];
    });
    expect(rented.metadata.name).not.toBe(first);
    const node = rented.status?.nodeName;
    await eventuallyOne(
      cluster.client,
      workspaces,
      ref('alone'),
      (one) => ready(one) && one.status?.workerNodes?.join() === node,
    );
  });

  test('costs the time of a start where neither is so, as was told before', async () => {
    await bringUp(phi('gap'));
    const seen = await readyPodsInUpdate('gap');
    expect(costs.at(-1)).toMatch(/it costs about .* without service/);
    expect(Math.min(...seen)).toBe(0);
    expect(await claims()).toHaveLength(1);
  });

  test('of what the person has changed begins at once', async () => {
    await bringUp(withPod('registry.example/own:1'));
    await cluster.applyYaml(withPod('registry.example/own:2'), namespace);
    await eventuallyOne(
      cluster.client,
      deployments,
      ref('own'),
      (deployment) => imageOf(deployment) === 'registry.example/own:2' && isComplete(deployment),
    );
  });
});
