import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../client/client.ts';
import { systemClock } from '../clock.ts';
import { createInformer } from '../informer/create-informer.ts';
import type { ReflectedInformer } from '../informer/create-informer.ts';
import { silentLogger } from '../logger.ts';
import { testCluster } from '../testing/cluster.ts';
import type { TestCluster } from '../testing/cluster.ts';
import { until } from '../testing/until.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { leases } from './lease.ts';

interface Candidate {
  readonly process: ChildProcess;
  readonly said: string[];
  heard(changed: () => void): () => void;
}

let client: Client;
let cluster: TestCluster;
let namespace: string;
let work: ReflectedInformer<ConfigMap>;
let end: AbortController;
let following: Promise<void>;
/** Who wrote, in the order in which the server took it, without repeats. */
let writers: string[];
const started: Candidate[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  client = cluster.newClient();
});

afterAll(() => cluster.close());

beforeEach(async () => {
  namespace = await cluster.namespace();
  await client.create(configMaps, configMap('work', { namespace: namespace }));
  work = createInformer<ConfigMap>({
    client,
    resource: configMaps,
    namespace: namespace,
    fieldSelector: 'metadata.name=work',
    clock: systemClock,
    logger: silentLogger,
  });
  writers = [];
  work.onChange(({ object }) => {
    const by = object.data?.['by'];
    if (by !== undefined && writers.at(-1) !== by) writers.push(by);
  });
  end = new AbortController();
  following = work.run(end.signal);
  await work.whenSynced();
});

afterEach(async () => {
  for (const { process } of started.splice(0)) {
    if (process.exitCode !== null || process.signalCode !== null) continue;
    process.kill('SIGKILL');
    await once(process, 'exit');
  }
  end.abort();
  await following;
});

function start(identity: string): Candidate {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../testing/candidate-process.ts', import.meta.url)), namespace, identity],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => said.push(line));
  const candidate = {
    process: child,
    said,
    heard(changed: () => void) {
      lines.on('line', changed);
      return () => lines.off('line', changed);
    },
  };
  started.push(candidate);
  return candidate;
}

const says = (candidate: Candidate, what: string) =>
  until(
    () => candidate.said.includes(what),
    candidate.heard,
    () => `${what} in ${candidate.said.join()}`,
  );
const wrote = (...order: string[]) =>
  until(
    () => writers.join() === order.join(),
    (changed) => work.onChange(changed),
    () => `${order.join()} is ${writers.join()}`,
  );

describe('of two candidates on the real API server', () => {
  test('the second leads after the first was killed', async () => {
    const a = start('a');
    await wrote('a');
    const b = start('b');
    await says(b, 'up');
    a.process.kill('SIGKILL');
    await says(b, 'leads');
    await wrote('a', 'b');
    const lease = await client.get(leases, { namespace: namespace, name: 'operator' });
    expect(lease.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  test('the second leads at once after the first has stopped in good order', async () => {
    const a = start('a');
    await wrote('a');
    const b = start('b');
    await says(b, 'up');
    a.process.kill('SIGTERM');
    await says(a, 'stopped');
    await wrote('a', 'b');
  });

  test('the first, stopped and woken after the second has taken over, writes nothing more', async () => {
    const a = start('a');
    await wrote('a');
    const b = start('b');
    await says(b, 'up');
    a.process.kill('SIGSTOP');
    await says(b, 'leads');
    await wrote('a', 'b');
    a.process.kill('SIGCONT');
    await says(a, 'lost');
    await once(a.process, 'exit');
    // What it might have written stands in the server's order before this.
    await client.patch(
      configMaps,
      { namespace: namespace, name: 'work' },
      { type: 'merge', body: { data: { marked: 'yes' } } },
    );
    await until(
      () => work.list()[0]?.data?.['marked'] === 'yes',
      (changed) => work.onChange(changed),
    );
    expect(writers).toEqual(['a', 'b']);
    expect(b.said).not.toContain('lost');
  });
});
