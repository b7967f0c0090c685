import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConnectionError } from '../client/errors.ts';
import { silentLogger } from '../logger.ts';
import { keyOf } from '../object.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { MemoryClient, refusal } from '../testing/memory-client.ts';
import type { Call } from '../testing/memory-client.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { Backoff } from './backoff.ts';
import { createInformer } from './create-informer.ts';
import type { CreateInformerOptions } from './create-informer.ts';
import { isNewer } from './resource-version.ts';

interface Running {
  readonly client: MemoryClient;
  readonly clock: ManualClock;
  readonly informer: ReturnType<typeof createInformer<ConfigMap>>;
  readonly verbs: () => string[];
  readonly stop: () => Promise<void>;
}

async function start(
  client = new MemoryClient(),
  options: Partial<CreateInformerOptions<ConfigMap>> = {},
): Promise<Running> {
  const clock = new ManualClock();
  const informer = createInformer<ConfigMap>({
    client,
    resource: configMaps,
    clock,
    logger: silentLogger,
    freeze: true,
    random: () => 0,
    ...options,
  });
  const end = new AbortController();
  const running = informer.run(end.signal);
  await settled();
  return {
    client,
    clock,
    informer,
    verbs: () => client.calls.filter(({ verb }) => verb === 'list' || verb === 'watch').map(({ verb }) => verb),
    async stop() {
      end.abort(new Error('test is over'));
      await running;
    },
  };
}

const names = ({ informer }: Running) =>
  informer
    .list()
    .map(({ metadata }) => metadata.name)
    .toSorted();
const watchedFrom = (call: Call | undefined) =>
  (call?.options as { readonly resourceVersion?: string } | undefined)?.resourceVersion;

describe('an informer', () => {
  test('lists, then follows', async () => {
    const client = new MemoryClient();
    await client.create(configMaps, configMap('a'));
    const running = await start(client);
    expect(running.informer.synced).toBe(true);
    expect(names(running)).toEqual(['a']);
    await client.create(configMaps, configMap('b'));
    await client.delete(configMaps, { namespace: 'default', name: 'a' });
    await settled();
    expect(names(running)).toEqual(['b']);
    expect(running.verbs()).toEqual(['list', 'watch']);
    await running.stop();
    expect(client.watching).toBe(0);
  });

  test('resumes where the last watch ended, bookmarks included, without a list', async () => {
    const running = await start();
    const { client } = running;
    await client.create(configMaps, configMap('a'));
    await client.create({ ...configMaps, plural: 'others' }, configMap('x'));
    client.bookmark(configMaps);
    await settled();
    const at = client.resourceVersion;
    client.drop(new ConnectionError('reset'));
    await settled();
    running.clock.advance(2_000);
    await settled();
    expect(running.verbs()).toEqual(['list', 'watch', 'watch']);
    expect(watchedFrom(client.calls.at(-1))).toBe(at);
    await running.stop();
  });

  test('asks for a watch of five to ten minutes', async () => {
    const running = await start(new MemoryClient(), { random: () => 0.999 });
    expect(running.client.calls.at(-1)?.options).toMatchObject({ timeoutSeconds: 599, resourceVersion: '100' });
    await running.stop();
  });

  test('lists again when its place is forgotten, keeping its objects meanwhile', async () => {
    const running = await start();
    const { client, informer } = running;
    await client.create(configMaps, configMap('a'));
    await client.create(configMaps, configMap('b'));
    await settled();
    let listing: (() => void) | undefined;
    client.before = (call) => (call.verb === 'list' ? new Promise<void>((resolve) => (listing = resolve)) : undefined);
    client.drop(refusal(410, 'Expired'));
    await settled();
    running.clock.advance(2_000);
    await settled();
    expect(informer.size).toBe(2);
    const told: string[] = [];
    informer.onChange((change) => {
      if (change.type === 'deleted') told.push(`${change.object.metadata.name} ${change.stale}`);
    });
    await client.delete(configMaps, { namespace: 'default', name: 'a' });
    listing!();
    await settled();
    expect(names(running)).toEqual(['b']);
    expect(told).toEqual(['a true']);
    await running.stop();
  });

  test('waits as long as a 429 says', async () => {
    const client = new MemoryClient();
    client.before = () => {
      throw refusal(429, 'TooManyRequests', 'slow down', 7);
    };
    const running = await start(client);
    running.clock.advance(6_999);
    await settled();
    expect(running.verbs()).toEqual(['list']);
    client.before = () => {};
    running.clock.advance(1);
    await settled();
    expect(running.informer.synced).toBe(true);
    await running.stop();
  });

  test.each([
    ['refused connections', new ConnectionError('refused')],
    ['an expired token', refusal(401, 'Unauthorized')],
    ['a missing right', refusal(403, 'Forbidden')],
    ['an error of the server', refusal(500, 'InternalError')],
    ['something unexpected', new TypeError('bug')],
  ])('outlasts %s with growing waits', async (_, error) => {
    const client = new MemoryClient();
    client.before = () => {
      throw error;
    };
    const running = await start(client);
    const waits: number[] = [];
    for (let time = 0; time < 7; time += 1) {
      waits.push(running.clock.nextIn);
      running.clock.advance(running.clock.nextIn);
      await settled();
    }
    expect(waits).toEqual([800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
    expect(running.informer.synced).toBe(false);
    client.before = () => {};
    running.clock.advance(30_000);
    await settled();
    expect(running.informer.synced).toBe(true);
    await running.stop();
  });

  test('waits little after a failure that follows two good minutes', async () => {
    const client = new MemoryClient();
    client.before = () => {
      throw refusal(500, 'InternalError');
    };
    const running = await start(client);
    for (let time = 0; time < 5; time += 1) {
      running.clock.advance(running.clock.nextIn);
      await settled();
    }
    client.before = () => {};
    running.clock.advance(30_000);
    await settled();
    expect(running.informer.synced).toBe(true);
    running.clock.advance(120_000);
    client.drop(refusal(500, 'InternalError'));
    await settled();
    const before = running.verbs().length;
    running.clock.advance(1_600);
    await settled();
    expect(running.verbs().length).toBe(before + 1);
    await running.stop();
  });

  test('does not spin when watches end at once', async () => {
    const client = new MemoryClient();
    client.before = (call) => {
      if (call.verb === 'watch') queueMicrotask(() => setImmediate(() => client.drop()));
    };
    const running = await start(client);
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(running.verbs()).toEqual(['list', 'watch']);
    running.clock.advance(800);
    await settled();
    expect(running.verbs()).toEqual(['list', 'watch', 'watch']);
    await running.stop();
  });

  test('leaves a half-open connection on which bookmarks have stopped', async () => {
    const running = await start();
    running.client.bookmark(configMaps);
    await settled();
    for (let minute = 0; minute < 2; minute += 1) running.clock.advance(60_000);
    await settled();
    expect(running.verbs()).toEqual(['list', 'watch']);
    for (let minute = 0; minute < 2; minute += 1) running.clock.advance(60_000);
    await settled();
    expect(running.verbs()).toEqual(['list', 'watch', 'watch']);
    await running.stop();
  });

  test('stays on a silent watch of a server that sends no bookmarks', async () => {
    const running = await start();
    for (let minute = 0; minute < 9; minute += 1) running.clock.advance(60_000);
    await settled();
    expect(running.verbs()).toEqual(['list', 'watch']);
    await running.stop();
  });

  test('of a resource that is not installed is empty and synced, and looks again when told or after minutes', async () => {
    const client = new MemoryClient();
    client.before = () => {
      throw refusal(404, 'NotFound');
    };
    const running = await start(client, { optional: true });
    const { informer } = running;
    expect([informer.synced, informer.available, informer.size]).toEqual([true, false, 0]);
    running.clock.advance(299_999);
    await settled();
    expect(running.verbs()).toEqual(['list']);
    running.clock.advance(1);
    await settled();
    expect(running.verbs()).toEqual(['list', 'list']);
    client.before = () => {};
    await client.create(configMaps, configMap('a'));
    informer.recheck();
    await settled();
    expect([informer.available, names(running)]).toEqual([true, ['a']]);
    client.before = () => {
      throw refusal(404, 'NotFound');
    };
    client.drop();
    await settled();
    running.clock.advance(1_600);
    await settled();
    expect([informer.available, informer.size]).toEqual([false, 0]);
    await running.stop();
  });

  test('that must be there is not synced without its resource', async () => {
    const client = new MemoryClient();
    client.before = () => {
      throw refusal(404, 'NotFound');
    };
    const running = await start(client);
    expect([running.informer.synced, running.informer.available]).toEqual([false, true]);
    await running.stop();
  });

  test('keeps only what its selectors choose, also of its own writes', async () => {
    const running = await start(new MemoryClient(), {
      namespace: 'default',
      labelSelector: 'app=a',
      fieldSelector: 'metadata.name!=no',
    });
    const { client, informer } = running;
    const labels = { app: 'a' };
    informer.remember(await client.create(configMaps, configMap('yes', { labels })));
    informer.remember(await client.create(configMaps, configMap('no', { labels })));
    informer.remember(await client.create(configMaps, configMap('other')));
    informer.remember(await client.create(configMaps, configMap('far', { labels, namespace: 'far' })));
    expect(names(running)).toEqual(['yes']);
    await settled();
    expect(names(running)).toEqual(['yes']);
    await running.stop();
  });

  test('that never syncs lets waiting be given up', async () => {
    const client = new MemoryClient();
    client.before = () => new Promise(() => {});
    const informer = createInformer({ client, resource: configMaps, clock: new ManualClock(), logger: silentLogger });
    const end = new AbortController();
    const waiting = informer.whenSynced(end.signal);
    end.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

test('waits stay between 0.8 and 30 s and start again after two good minutes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 1, maxLength: 20 }),
      (randoms) => {
        let at = 0;
        const backoff = new Backoff(() => randoms[at++ % randoms.length]!);
        for (let step = 0; step < 20; step += 1) {
          const wait = backoff.next();
          expect(wait).toBeGreaterThanOrEqual(800);
          expect(wait).toBeLessThanOrEqual(30_000);
        }
        backoff.wentWell(119_999);
        expect(backoff.next()).toBeGreaterThanOrEqual(15_000);
        backoff.wentWell(120_000);
        expect(backoff.next()).toBeLessThanOrEqual(1_600);
      },
    ),
  );
});

const ref = (name: string) => ({ namespace: 'default', name });
const plain = (objects: Iterable<ConfigMap>) => [...objects].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

const name = fc.constantFrom('a', 'b', 'c');
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), name, own: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), name, own: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), back: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const), expire: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('late' as const), at: fc.nat(8) }) },
);

test('whatever is dropped, repeated, forgotten or late, the cache never goes back and ends as the server is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 50 }), async (happenings) => {
      const running = await start();
      const { client, informer, clock } = running;
      const written: ConfigMap[] = [];
      const late: ConfigMap[] = [];
      /** What the changes alone amount to. */
      const mirror = new Map<string, ConfigMap>();
      const faults: string[] = [];
      const ended = new Set<string>();
      informer.onChange((change) => {
        const key = keyOf(change.object);
        const before = mirror.get(key);
        if (change.type === 'deleted') {
          ended.add(change.object.metadata.uid!);
          if (before?.metadata.uid !== change.object.metadata.uid) faults.push(`deleted ${key} that was not there`);
          mirror.delete(key);
          return;
        }
        if ((change.type === 'added') !== (before === undefined)) faults.push(`${change.type} ${key} out of turn`);
        if (before !== undefined && !isNewer(change.object.metadata.resourceVersion, before.metadata.resourceVersion)) {
          faults.push(`${key} went back`);
        }
        if (before !== undefined && before.metadata.uid !== change.object.metadata.uid)
          faults.push(`${key} became another`);
        if (ended.has(change.object.metadata.uid!)) faults.push(`${key} was revived`);
        mirror.set(key, change.object);
      });
      const write = async (name: string): Promise<ConfigMap> => {
        const data = { at: client.resourceVersion };
        try {
          return await client.patch(configMaps, ref(name), { type: 'merge', body: { data } });
        } catch {
          return await client.create(configMaps, configMap(name, { data }));
        }
      };
      for (const one of happenings) {
        if (one.do === 'write') {
          const object = await write(one.name);
          written.push(object);
          if (one.own) informer.remember(object);
          else late.push(object);
        } else if (one.do === 'delete') {
          const live = await client.get(configMaps, ref(one.name)).catch(() => undefined);
          if (live !== undefined) {
            await client.delete(configMaps, ref(one.name));
            if (one.own) {
              informer.forget(ref(one.name), live.metadata.uid!);
            }
          }
        } else if (one.do === 'settle') await settled();
        else if (one.do === 'repeat' && written.length > 0) {
          client.inject(configMaps, { type: 'MODIFIED', object: written.at(-1 - (one.back % written.length))! });
        } else if (one.do === 'late' && late.length > 0) informer.remember(late[one.at % late.length]!);
        else if (one.do === 'break') {
          if (one.expire) client.compact();
          client.drop(one.expire ? refusal(410, 'Expired') : new ConnectionError('reset'));
          await settled();
          clock.advance(30_000);
        }
      }
      client.compact();
      client.drop(refusal(410, 'Expired'));
      await settled();
      clock.advance(30_000);
      await settled();
      const { items } = await client.list(configMaps);
      expect(faults).toEqual([]);
      expect(plain(informer.list())).toEqual(plain(items));
      expect(plain(mirror.values())).toEqual(plain(items));
      await running.stop();
    }),
    { numRuns: 200 },
  );
});
