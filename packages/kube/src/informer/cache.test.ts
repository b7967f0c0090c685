import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import { keyOf } from '../object.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { configMap } from '../testing/objects.ts';
import type { ConfigMap } from '../testing/objects.ts';
import { ObjectCache } from './cache.ts';
import { withoutManagedFields } from './create-informer.ts';
import type { Change } from './informer.ts';
import { IndexedStore } from './indexed-store.ts';
import { compareResourceVersions, isNewer } from './resource-version.ts';
import { fieldMatcher, labelMatcher } from './selector.ts';

function newCache(belongs: (object: ConfigMap) => boolean = () => true) {
  const cache = new ObjectCache<ConfigMap>({
    transform: withoutManagedFields,
    belongs,
    freeze: true,
    clock: new ManualClock(),
    logger: silentLogger,
  });
  const told: string[] = [];
  cache.onChange((change) => told.push(say(change)));
  return { cache, told };
}

function say(change: Change<ConfigMap>): string {
  const flags = [
    change.type === 'added' && change.initial === true ? ' initial' : '',
    change.own === true ? ' own' : '',
    change.type === 'deleted' && change.stale ? ' stale' : '',
  ].join('');
  return `${change.type} ${change.object.metadata.name}@${change.object.metadata.resourceVersion}${flags}`;
}

const labelled = (version: number) =>
  configMap('a', { uid: 'u', resourceVersion: String(version), labels: { in: '' } });
const values = (object: ConfigMap) => Object.values(object.data ?? {});
const at = (version: number, uid = 'u', name = 'a') => configMap(name, { uid, resourceVersion: String(version) });

describe('resourceVersions', () => {
  test('are ordered as numbers, also beyond 53 bits', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }),
        fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }),
        (a, b) => {
          expect(Math.sign(compareResourceVersions(String(a), String(b))!)).toBe(a === b ? 0 : a < b ? -1 : 1);
        },
      ),
    );
  });

  test.each([undefined, '', '0', '007', 'x', '1a', '-1'])(
    '%s is not comparable and nothing is newer than it',
    (odd) => {
      expect(compareResourceVersions(odd, '5')).toBeUndefined();
      expect(isNewer('5', odd)).toBe(false);
      expect(isNewer(odd, '5')).toBe(false);
    },
  );
});

describe('selectors', () => {
  const labels = { app: 'kaito', tier: 'gpu' };
  test.each([
    ['', true],
    ['app=kaito', true],
    ['app==kaito,tier!=cpu', true],
    ['app=other', false],
    ['app!=kaito', false],
    ['missing!=x', true],
    ['app in (a, kaito),tier', true],
    ['app in (a,b)', false],
    ['tier notin (cpu, tpu)', true],
    ['tier notin (gpu)', false],
    ['missing notin (a)', true],
    ['missing in (a)', false],
    ['!missing', true],
    ['!app', false],
    ['missing', false],
  ])('labels %s', (selector, chosen) => {
    expect(labelMatcher(selector)(configMap('a', { labels }))).toBe(chosen);
  });

  test.each([
    ['metadata.name=a', true],
    ['metadata.name!=a', false],
    ['metadata.namespace=default,metadata.name=a', true],
    ['spec.nodeName=', true],
    ['spec.nodeName=n', false],
  ])('fields %s', (selector, chosen) => {
    expect(fieldMatcher(selector)(configMap('a'))).toBe(chosen);
  });

  test('that cannot be read are refused', () => {
    expect(() => labelMatcher('a in b')).toThrow(SyntaxError);
    expect(() => fieldMatcher('a')).toThrow(SyntaxError);
  });
});

describe('an object', () => {
  test('never goes back in time', () => {
    const { cache, told } = newCache();
    cache.put(at(5));
    cache.put(at(5));
    cache.put(at(4));
    cache.put(at(10));
    cache.put(at(9), { own: true });
    expect(told).toEqual(['added a@5', 'updated a@10']);
  });

  test('that this process wrote is there at once, and its own event says nothing new', () => {
    const { cache, told } = newCache();
    cache.put(at(5), { own: true });
    cache.put(at(5));
    cache.put(at(7));
    expect(told).toEqual(['added a@5 own', 'updated a@7']);
  });

  test('that this process deleted is not revived by a late event or an old list', () => {
    const { cache, told } = newCache();
    cache.put(at(5));
    cache.forget({ namespace: 'default', name: 'a' }, 'u');
    cache.put(at(6));
    cache.replace([at(6)], '6', false);
    cache.end(at(7));
    expect(cache.store.size).toBe(0);
    cache.put(at(9, 'v'));
    cache.forget({ namespace: 'default', name: 'a' }, 'u');
    expect(told).toEqual(['added a@5', 'deleted a@5 own', 'added a@9']);
  });

  test('that was deleted before its write came back stays deleted', () => {
    const { cache } = newCache();
    cache.put(at(5));
    cache.end(at(8));
    cache.put(at(7), { own: true });
    expect(cache.store.size).toBe(0);
  });

  test('that was replaced by another of its name ends first', () => {
    const { cache, told } = newCache();
    cache.put(at(5, 'u'));
    cache.put(at(9, 'v'));
    cache.end(at(8, 'u'));
    cache.put(at(7, 'u'));
    expect(told).toEqual(['added a@5', 'deleted a@5 stale', 'added a@9']);
  });

  test('that leaves the selection may come back newer', () => {
    const { cache, told } = newCache((object) => object.metadata.labels?.['in'] !== undefined);
    cache.put(labelled(5));
    cache.put(at(6), { own: true });
    cache.put(labelled(5));
    cache.put(labelled(7));
    cache.end(at(8));
    cache.put(labelled(7));
    cache.put(labelled(9));
    expect(told).toEqual(['added a@5', 'deleted a@5 own', 'added a@7', 'deleted a@8', 'added a@9']);
  });
});

describe('a list', () => {
  test('is told as differences, and what is missing as stale deletions', () => {
    const { cache, told } = newCache();
    cache.replace([at(1, 'u1', 'a'), at(2, 'u2', 'b'), at(3, 'u3', 'c')], '3', true);
    told.length = 0;
    cache.replace([at(1, 'u1', 'a'), at(7, 'u2', 'b'), at(8, 'u4', 'd')], '9', false);
    expect(told).toEqual(['updated b@7', 'added d@8', 'deleted c@3 stale']);
  });

  test('that is older than a write of this process does not lose it', () => {
    const { cache } = newCache();
    cache.put(at(20), { own: true });
    cache.replace([], '15', false);
    expect(cache.store.size).toBe(1);
    cache.replace([], '21', false);
    expect(cache.store.size).toBe(0);
  });
});

test('managedFields are dropped without touching what came in', () => {
  const { cache } = newCache();
  const object = configMap('a', { uid: 'u', resourceVersion: '5', managedFields: [{ manager: 'x' }] });
  cache.put(object);
  expect(cache.store.get('default/a')!.metadata).toEqual({
    name: 'a',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '5',
  });
  expect(object.metadata['managedFields']).toEqual([{ manager: 'x' }]);
});

test('cached objects are frozen through and through', () => {
  const { cache } = newCache();
  cache.put(configMap('a', { uid: 'u', resourceVersion: '5', labels: { a: 'b' } }));
  const object = cache.store.get('default/a')!;
  expect(() => Object.assign(object.metadata.labels!, { a: 'c' })).toThrow(TypeError);
});

test('changes are told in order, also those that a handler causes, and a failing handler harms nobody', () => {
  const { cache, told } = newCache();
  let once = false;
  cache.onChange(() => {
    if (!once) cache.put(at(6), { own: true });
    once = true;
    throw new Error('handler');
  });
  const later: string[] = [];
  cache.onChange((change) => later.push(say(change)));
  cache.put(at(5));
  expect(told).toEqual(['added a@5', 'updated a@6 own']);
  expect(later).toEqual(told);
});

test('a handler that comes later is told what is there, and a handler that leaves is told nothing more', () => {
  const { cache } = newCache();
  cache.put(at(5));
  const told: string[] = [];
  const leave = cache.onChange((change) => told.push(say(change)));
  cache.put(at(6));
  leave();
  cache.put(at(7));
  expect(told).toEqual(['added a@5 initial', 'updated a@6']);
});

test('the indexes agree with a search through all objects, whatever is set and deleted', () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    namespace: fc.constantFrom('x', 'y'),
    values: fc.option(fc.array(fc.constantFrom('1', '2', '3'), { maxLength: 3 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new IndexedStore<ConfigMap>({ values, namespace: (object) => [object.metadata.namespace!] });
      const model = new Map<string, ConfigMap>();
      for (const { name, namespace, values } of steps) {
        const object = configMap(name, {
          namespace,
          data: Object.fromEntries((values ?? []).map((value, key) => [String(key), value])),
        });
        const key = keyOf(object);
        if (values === undefined) expect(store.delete(key)).toBe(model.get(key));
        else expect(store.set(key, object)).toBe(model.get(key));
        if (values === undefined) model.delete(key);
        else model.set(key, object);
        const all = [...model.values()];
        expect(store.size).toBe(model.size);
        expect(new Set(store.list())).toEqual(new Set(all));
        expect(new Set(store.list('x'))).toEqual(new Set(all.filter((one) => one.metadata.namespace === 'x')));
        for (const value of ['1', '2', '3']) {
          const found = store.byIndex('values', value);
          expect(found.length).toBe(new Set(found).size);
          expect(new Set(found)).toEqual(new Set(all.filter((one) => Object.values(one.data ?? {}).includes(value))));
        }
      }
      expect(() => store.byIndex('other', '')).toThrow(RangeError);
    }),
  );
});
