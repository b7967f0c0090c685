import { describe, expect, test } from 'vitest';
import { ConnectionError } from '../client/errors.ts';
import { silentLogger } from '../logger.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { MemoryClient, refusal } from '../testing/memory-client.ts';
import type { Call } from '../testing/memory-client.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import { start } from '../testing/running-informer.ts';
import type { Running } from '../testing/running-informer.ts';
import { createInformer } from './create-informer.ts';

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

  test('that is ended by what it lists begins no watch', async () => {
    const client = new MemoryClient();
    await client.create(configMaps, configMap('a'));
    const end = new AbortController();
    const informer = createInformer({ client, clock: new ManualClock(), logger: silentLogger, resource: configMaps });
    informer.onChange(() => end.abort());
    await informer.run(end.signal);
    expect(client.calls.map(({ verb }) => verb)).not.toContain('watch');
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

  test('resumes at once when a watch breaks that had brought something, however often', async () => {
    const running = await start();
    for (let time = 1; time <= 10; time += 1) {
      await running.client.create(configMaps, configMap(`m${time}`));
      await settled();
      running.client.drop(new ConnectionError('reset'));
      await settled();
      expect(running.client.watching).toBe(1);
    }
    expect(running.clock.monotonic()).toBe(0);
    running.client.drop(new ConnectionError('reset'));
    await settled();
    expect(running.clock.nextIn).toBe(800);
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
