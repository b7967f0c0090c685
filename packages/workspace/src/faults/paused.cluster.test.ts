import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leases } from '@kaito/kube';
import { eventuallyOne, type TestCluster } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workspaces } from '../cache/resources.ts';
import { kaitoCluster } from '../testing/cluster.ts';
import { doubledEvents, finalObjects, isSettled } from './testing/final-objects.ts';
import { type KillingProxy, killingProxy } from './testing/killing-proxy.ts';
import { kubeconfigFor, startProcess } from './testing/operator-process.ts';

const processes: ChildProcess[] = [];
const proxies: KillingProxy[] = [];
let cluster: TestCluster;
let directory: string;
let system: string;

beforeAll(async () => {
  cluster = await kaitoCluster({ machines: true });
  system = await cluster.namespace();
  directory = await mkdtemp(join(tmpdir(), 'kaito-paused-'));
});
afterAll(async () => {
  for (const child of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await cluster.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await rm(directory, { recursive: true });
});

/** An operator of its own process behind a proxy of its own. */
async function start(name: string): Promise<{ readonly child: ChildProcess; readonly proxy: KillingProxy }> {
  const proxy = await killingProxy(cluster.config);
  proxies.push(proxy);
  const file = join(directory, name);
  await writeFile(file, kubeconfigFor(proxy.server));
  const child = startProcess(file, system);
  processes.push(child);
  return { child, proxy };
}

const phi = `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}
inference: {preset: {name: phi-2, presetOptions: {image: "registry.example/phi:1"}}}
`;
const lease = () => ({ namespace: system, name: 'kaito-workspace' });

test('a leader that sleeps in the middle of its work and wakes when another leads writes nothing any more', async () => {
  const { client } = cluster;
  const first = await start('first');
  const { spec } = await eventuallyOne(client, leases, lease(), (held) => (held.spec?.holderIdentity ?? '') !== '');
  const second = await start('second');
  const asleep = first.proxy.arm({ method: 'POST', path: /\/deployments$/, when: 'after' }, () =>
    first.child.kill('SIGSTOP'),
  );
  const namespace = await cluster.namespace();
  await cluster.applyYaml(phi, namespace);
  await asleep;
  await eventuallyOne(client, leases, lease(), (held) => {
    const holder = held.spec?.holderIdentity ?? '';
    return holder !== '' && holder !== spec?.holderIdentity;
  });
  await eventuallyOne(client, workspaces, { namespace, name: 'phi' }, isSettled);
  // More for it to do, were it to go on.
  const after = await cluster.namespace();
  await cluster.applyYaml(phi, after);
  await eventuallyOne(client, workspaces, { namespace: after, name: 'phi' }, isSettled);
  const expected = [await finalObjects(client, namespace), await finalObjects(client, after)];

  const before = first.proxy.changes.length;
  first.child.kill('SIGCONT');
  const [code] = (await once(first.child, 'exit')) as [number | null];
  expect(code).toBe(1);
  const since = first.proxy.changes.slice(before);
  expect(since.filter((call) => !call.includes('/leases/'))).toEqual([]);
  expect([await finalObjects(client, namespace), await finalObjects(client, after)]).toEqual(expected);
  expect(await doubledEvents(client, after)).toEqual([]);
  expect(second.child.exitCode).toBeNull();
});
