import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionError } from '../client/errors.ts';
import { keyOf } from '../object.ts';
import { settled } from '../testing/manual-clock.ts';
import { refusal } from '../testing/memory-client.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { start } from '../testing/running-informer.ts';
import { isNewer } from './resource-version.ts';

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
