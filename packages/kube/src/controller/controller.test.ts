import { describe, expect, test } from 'vitest';
import { createInformer } from '../informer/create-informer.ts';
import type { Change } from '../informer/informer.ts';
import { silentLogger } from '../logger.ts';
import type { OwnerReference } from '../object.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { MemoryClient, refusal } from '../testing/memory-client.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { createController, source } from './create-controller.ts';
import type { ControllerOptions } from './create-controller.ts';
import { byLabels, byOwner, itself } from './keys.ts';
import { TerminalError } from './reconcile.ts';
import type { Reconcile } from './reconcile.ts';

async function start(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = new ManualClock();
  const failed: unknown[] = [];
  const controller = createController({
    name: 'test',
    sources: [],
    reconcile,
    clock,
    logger: silentLogger,
    onError: (_, error) => failed.push(error),
    ...options,
  });
  const end = new AbortController();
  const running = controller.run(end.signal);
  await settled();
  return {
    controller,
    clock,
    failed,
    async stop() {
      end.abort(new Error('test is over'));
      await running;
    },
  };
}

describe('a reconcile', () => {
  test('that succeeds lets its key rest; one that asks is called again in time', async () => {
    const seen: string[] = [];
    const running = await start(async (key) => {
      seen.push(key);
      return key === 'again' && seen.length < 4 ? { requeueAfterMs: 1_000 } : {};
    });
    running.controller.enqueue('rest');
    running.controller.enqueue('again');
    await settled();
    running.clock.advance(999);
    await settled();
    expect(seen).toEqual(['rest', 'again']);
    running.clock.advance(1);
    await settled();
    running.clock.advance(10_000);
    await settled();
    expect(seen).toEqual(['rest', 'again', 'again', 'again']);
    await running.stop();
  });

  test('that fails is tried again with back-off and told how often it failed, until it succeeds', async () => {
    const failures: number[] = [];
    const running = await start(async (_, context) => {
      failures.push(context.failures);
      if (failures.length < 4) throw new Error('not yet');
    });
    running.controller.enqueue('a');
    await settled();
    for (const wait of [5, 10, 20]) {
      running.clock.advance(wait - 1);
      await settled();
      running.clock.advance(1);
      await settled();
    }
    expect(failures).toEqual([0, 1, 2, 3]);
    expect(running.failed).toHaveLength(3);
    running.controller.enqueue('a');
    await settled();
    expect(failures.at(-1)).toBe(0);
    await running.stop();
  });

  test('that fails for good waits for the next change', async () => {
    let runs = 0;
    const running = await start(async () => {
      runs += 1;
      throw new TerminalError('no use');
    });
    running.controller.enqueue('a');
    await settled();
    running.clock.advance(1e9);
    await settled();
    expect(runs).toBe(1);
    running.controller.enqueue('a');
    await settled();
    expect(runs).toBe(2);
    await running.stop();
  });

  test('is not tried again sooner than the API server asks', async () => {
    let runs = 0;
    const running = await start(async () => {
      runs += 1;
      throw refusal(429, 'TooManyRequests', 'busy', 3);
    });
    running.controller.enqueue('a');
    await settled();
    running.clock.advance(2_999);
    await settled();
    expect(runs).toBe(1);
    running.clock.advance(1);
    await settled();
    expect(runs).toBe(2);
    await running.stop();
  });

  test('that throws synchronously fails like any other', async () => {
    const running = await start(() => {
      throw new Error('at once');
    });
    running.controller.enqueue('a');
    await settled();
    expect(running.failed).toHaveLength(1);
    await running.stop();
  });

  test('has its signal aborted when it takes too long', async () => {
    const running = await start(
      (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      {
        reconcileTimeoutMs: 500,
      },
    );
    running.controller.enqueue('a');
    await settled();
    running.clock.advance(500);
    await settled();
    expect(String(running.failed[0])).toContain('reconcile of a took longer than 500 ms');
    await running.stop();
  });

  test('never runs twice at once for a key, and no more than allowed for all', async () => {
    const active = new Set<string>();
    let most = 0;
    let overlaps = 0;
    let runs = 0;
    const running = await start(
      async (key) => {
        if (active.has(key)) overlaps += 1;
        active.add(key);
        most = Math.max(most, active.size);
        runs += 1;
        await new Promise((resolve) => setImmediate(resolve));
        active.delete(key);
      },
      { concurrency: 3 },
    );
    for (let round = 0; round < 20; round += 1) {
      for (let key = 0; key < 7; key += 1) running.controller.enqueue(`k${key}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await running.controller.idle();
    expect(overlaps).toBe(0);
    expect(most).toBe(3);
    expect(runs).toBeGreaterThanOrEqual(7);
    await running.stop();
  });
});

test('a stop aborts what runs, waits for it, counts it as no failure and drops the rest', async () => {
  const seen: string[] = [];
  let ended = false;
  const running = await start(async (key, { signal }) => {
    seen.push(key);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await settled();
    ended = true;
    throw signal.reason;
  });
  running.controller.enqueue('a');
  running.controller.enqueue('b');
  await settled();
  await running.stop();
  expect(ended).toBe(true);
  expect(seen).toEqual(['a']);
  expect(running.failed).toEqual([]);
});

test('reconciles begin when all sources are synced; what people change goes before the first list; a second term begins anew', async () => {
  const client = new MemoryClient();
  for (const name of ['a', 'b', 'c']) await client.create(configMaps, configMap(name));
  const informer = createInformer<ConfigMap>({
    client,
    resource: configMaps,
    clock: new ManualClock(),
    logger: silentLogger,
  });
  const seen: string[] = [];
  const reconcile: Reconcile = async (key) => {
    seen.push(key);
    if (seen.length === 1) {
      const next = await client.patch(
        configMaps,
        { namespace: 'default', name: 'c' },
        { type: 'merge', body: { data: {} } },
      );
      informer.remember(next);
    }
  };
  const running = await start(reconcile, { sources: [source(informer, itself)] });
  expect(seen).toEqual([]);
  const end = new AbortController();
  const following = informer.run(end.signal);
  await settled();
  expect(seen).toEqual(['default/a', 'default/c', 'default/b']);
  await running.stop();

  seen.length = 0;
  const again = new AbortController();
  const second = running.controller.run(again.signal);
  await settled();
  expect(seen.toSorted()).toEqual(['default/a', 'default/b', 'default/c']);
  again.abort();
  end.abort();
  await Promise.all([second, following]);
});

test('a controller that is stopped before its sources are synced ends', async () => {
  const informer = createInformer({
    client: new MemoryClient(),
    resource: configMaps,
    clock: new ManualClock(),
    logger: silentLogger,
  });
  const running = await start(async () => {}, { sources: [source(informer, itself)] });
  await running.stop();
});

const owner = (name: string, overrides: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'kaito.sh/v1beta1',
  kind: 'Workspace',
  name,
  uid: name,
  controller: true,
  ...overrides,
});
const added = (object: ConfigMap): Change<ConfigMap> => ({ type: 'added', object });
const owned = (...ownerReferences: OwnerReference[]) => configMap('a', { ownerReferences });
const workspaces = { kind: 'Workspace', group: 'kaito.sh' };

describe('keys', () => {
  test('of the controlling owner, whatever its version', () => {
    const keys = byOwner<ConfigMap>(workspaces);
    expect(keys(added(owned(owner('w'))))).toEqual(['default/w']);
    expect(
      keys(added(owned(owner('x', { controller: false }), owner('w', { apiVersion: 'kaito.sh/v1alpha1' })))),
    ).toEqual(['default/w']);
    expect(keys(added(owned(owner('w', { apiVersion: 'other.sh/v1' }))))).toEqual([]);
    expect(keys(added(owned(owner('w', { kind: 'RAGEngine' }))))).toEqual([]);
    expect(keys(added(configMap('a')))).toEqual([]);
    expect(byOwner<ConfigMap>(workspaces, { clusterScoped: true })(added(owned(owner('w'))))).toEqual(['w']);
  });

  test('of the owner before and after an adoption', () => {
    const change: Change<ConfigMap> = { type: 'updated', object: owned(owner('new')), previous: owned(owner('old')) };
    expect(byOwner<ConfigMap>(workspaces)(change)).toEqual(['default/new', 'default/old']);
  });

  test('of labels', () => {
    const keys = byLabels<ConfigMap>({ name: 'w', namespace: 'ns' });
    expect(keys(added(configMap('a', { labels: { w: 'x', ns: 'y' } })))).toEqual(['y/x']);
    expect(keys(added(configMap('a', { labels: { w: 'x' } })))).toEqual([]);
    expect(byLabels<ConfigMap>({ name: 'w' })(added(configMap('a', { labels: { w: 'x' } })))).toEqual(['default/x']);
  });
});
