import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KubeObject } from '@kaito/kube';
import { eventually, eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workspaces } from '../cache/resources.ts';
import { kaitoCluster } from '../testing/cluster.ts';
import { finalObjects, isSettled } from './testing/final-objects.ts';
import { type KillingProxy, killingProxy, type Target } from './testing/killing-proxy.ts';
import { kubeconfigFor, startProcess } from './testing/operator-process.ts';

let cluster: TestCluster;
let proxy: KillingProxy;
let directory: string;
let system: string;

beforeAll(async () => {
  cluster = await kaitoCluster({ machines: true });
  system = await cluster.namespace();
  proxy = await killingProxy(cluster.config);
  directory = await mkdtemp(join(tmpdir(), 'kaito-killed-'));
  await writeFile(join(directory, 'kubeconfig'), kubeconfigFor(proxy.server));
});

afterAll(async () => {
  if (operator?.exitCode === null && operator.signalCode === null) {
    operator.kill('SIGKILL');
    await once(operator, 'exit');
  }
  await cluster.close();
  await proxy.close();
  await rm(directory, { recursive: true });
});

let operator: ChildProcess | undefined;

/** The real process, with election; after a predecessor that was killed it leads when that one's Lease is over. */
function start(): void {
  operator = startProcess(join(directory, 'kubeconfig'), system);
}

const phi = `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}
inference: {preset: {name: phi-2, presetOptions: {image: "registry.example/phi:1"}}}
`;

async function ready(namespace: string): Promise<void> {
  await eventuallyOne(cluster.client, workspaces, { namespace, name: 'phi' }, isSettled);
}

const workspace = /\/workspaces\/phi$/;
const killedWhileApplying: readonly Target[] = [
  { method: 'PATCH', path: workspace, when: 'before' },
  { method: 'POST', path: /\/nodeclaims$/, when: 'after' },
  { method: 'POST', path: /\/deployments$/, when: 'after' },
  { method: 'PATCH', path: /\/workspaces\/phi\/status$/, when: 'after' },
];
const killedWhileDeleting: readonly Target[] = [
  { method: 'DELETE', path: /\/nodeclaims\//, when: 'after' },
  { method: 'PATCH', path: workspace, when: 'before' },
];

function killed(target: Target): Promise<string> {
  return proxy.arm(target, () => operator!.kill('SIGKILL'));
}

async function told(at: Promise<string>, { when }: Target, namespace: string): Promise<string> {
  const text = `killed ${when} ${(await at).replaceAll(namespace, '…')}`;
  process.stdout.write(`${text}\n`);
  return text;
}

async function remove(namespace: string): Promise<void> {
  await cluster.client.delete(workspaces, { namespace, name: 'phi' });
}

async function gone(namespace: string): Promise<void> {
  await eventually({ client: cluster.client, resource: workspaces, namespace }, (all) => all.length === 0);
}

test('a leader that is killed at a call leaves what the next one completes, the same as without', async () => {
  const { client } = cluster;
  start();
  const uncut = await cluster.namespace();
  await cluster.applyYaml(phi, uncut);
  await ready(uncut);
  const expected = await finalObjects(client, uncut);
  await remove(uncut);
  await gone(uncut);
  for (const target of killedWhileApplying) {
    const namespace = await cluster.namespace();
    const at = killed(target);
    await cluster.applyYaml(phi, namespace);
    const text = await told(at, target, namespace);
    start();
    await ready(namespace);
    expect(await finalObjects(client, namespace), text).toEqual(expected);
    await remove(namespace);
    await gone(namespace);
  }
  for (const target of killedWhileDeleting) {
    const namespace = await cluster.namespace();
    await cluster.applyYaml(phi, namespace);
    await ready(namespace);
    const at = killed(target);
    await remove(namespace);
    const text = await told(at, target, namespace);
    start();
    await gone(namespace);
    const kinds = (await finalObjects(client, namespace)).map((object) => (object as KubeObject).kind);
    expect(kinds, text).not.toContain('NodeClaim');
  }
}, 300_000);
