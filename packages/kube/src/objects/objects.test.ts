import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryClient, refusal } from '../testing/memory-client.ts';
import { configMap, configMaps } from '../testing/objects.ts';
import { conditionOf, withCondition } from './conditions.ts';
import type { Condition } from './conditions.ts';
import { ensureFinalizer, removeFinalizer } from './finalizers.ts';
import { mergePatch } from './merge-patch.ts';
import { controllerOf, controllerReference, isControlledBy } from './owners.ts';
import { firstDifference, subset } from './subset.ts';

describe('finalizers', () => {
  const ours = 'kaito.sh/ours';
  const theirs = 'example.com/theirs';

  test('ours is added beside those of others, once, and removed alone', async () => {
    const client = new MemoryClient();
    const created = await client.create(configMaps, configMap('a', { finalizers: [theirs] }));
    const added = await ensureFinalizer(client, configMaps, created, ours);
    expect(added.metadata.finalizers).toEqual([theirs, ours]);
    const calls = client.calls.length;
    expect(await ensureFinalizer(client, configMaps, added, ours)).toBe(added);
    expect(client.calls.length).toBe(calls);
    const removed = await removeFinalizer(client, configMaps, added, ours);
    expect(removed!.metadata.finalizers).toEqual([theirs]);
  });

  test('a change by others meanwhile is not lost', async () => {
    const client = new MemoryClient();
    const stale = await client.create(configMaps, configMap('a', { finalizers: [ours] }));
    await client.patch(
      configMaps,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { metadata: { finalizers: [ours, theirs] } } },
    );
    expect((await removeFinalizer(client, configMaps, stale, ours))!.metadata.finalizers).toEqual([theirs]);
    expect((await ensureFinalizer(client, configMaps, stale, 'kaito.sh/second')).metadata.finalizers).toEqual([
      theirs,
      'kaito.sh/second',
    ]);
  });

  test('of an object that is gone need not be removed, nor are those of its successor touched', async () => {
    const client = new MemoryClient();
    const at = { namespace: 'default', name: 'a' };
    const old = await client.create(configMaps, configMap('a', { finalizers: [ours] }));
    await removeFinalizer(client, configMaps, old, ours);
    await client.delete(configMaps, at);
    expect(await removeFinalizer(client, configMaps, old, ours)).toBeUndefined();
    await expect(
      ensureFinalizer(client, configMaps, configMap('a', { uid: 'uid-1', resourceVersion: '1' }), ours),
    ).rejects.toMatchObject({
      status: { reason: 'NotFound' },
    });
    await client.create(configMaps, configMap('a', { finalizers: [ours] }));
    await expect(removeFinalizer(client, configMaps, old, ours)).rejects.toMatchObject({
      status: { reason: 'Conflict' },
    });
    expect((await client.get(configMaps, at)).metadata.finalizers).toEqual([ours]);
  });

  test('conflicts without end are given up', async () => {
    const client = new MemoryClient();
    const object = await client.create(configMaps, configMap('a'));
    client.before = ({ verb }) => {
      if (verb === 'patch') throw refusal(409, 'Conflict');
    };
    await expect(ensureFinalizer(client, configMaps, object, ours)).rejects.toMatchObject({
      status: { reason: 'Conflict' },
    });
    expect(client.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(5);
  });
});

describe('owners', () => {
  test('an object is controlled by the one that its controller reference names by UID', () => {
    const owner = configMap('o', { uid: 'u' });
    const reference = controllerReference(owner);
    expect(reference).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'o',
      uid: 'u',
      controller: true,
      blockOwnerDeletion: true,
    });
    const owned = configMap('a', { ownerReferences: [{ ...reference, uid: 'x', controller: false }, reference] });
    expect(controllerOf(owned)).toBe(reference);
    expect(isControlledBy(owned, owner)).toBe(true);
    expect(isControlledBy(owned, configMap('o', { uid: 'other' }))).toBe(false);
    expect(isControlledBy(configMap('a'), configMap('o', { uid: 'other' }))).toBe(false);
  });

  test('what is not stored owns nothing', () => {
    expect(() => controllerReference(configMap('o'))).toThrow(TypeError);
  });
});

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second, 123));

describe('conditions', () => {
  const base = {
    type: 'Ready',
    status: 'False',
    reason: 'Waiting',
    message: 'for a node',
    observedGeneration: 1,
  } as const;

  test('transition when their status changes, not when only the words do; the same comes back as it was', () => {
    const first = withCondition([], base, at(1));
    expect(first).toEqual([{ ...base, lastTransitionTime: '2026-01-01T00:00:01Z' }]);
    expect(withCondition(first, base, at(2))).toBe(first);
    const words = withCondition(first, { ...base, message: 'for a pod' }, at(3));
    expect(conditionOf(words, 'Ready')).toMatchObject({
      message: 'for a pod',
      lastTransitionTime: '2026-01-01T00:00:01Z',
    });
    const ready = withCondition(words, { ...base, status: 'True' }, at(4));
    expect(conditionOf(ready, 'Ready')).toMatchObject({ status: 'True', lastTransitionTime: '2026-01-01T00:00:04Z' });
  });

  test('keep their places', () => {
    const others: Condition[] = ['A', 'B', 'C'].map((type) => ({ ...base, type, lastTransitionTime: 'then' }));
    const next = withCondition(others, { ...base, type: 'B', status: 'True' }, at(1));
    expect(next.map(({ type, status }) => `${type}=${status}`)).toEqual(['A=False', 'B=True', 'C=False']);
    expect(next[0]).toBe(others[0]);
  });
});

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('a', 'b', ''),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('record'),
  ),
  record: fc.dictionary(fc.constantFrom('x', 'y', 'z'), tie('value'), { maxKeys: 3 }),
}));

/** RFC 7396, section 2. */
function applied(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target)
      ? { ...(target as Record<string, unknown>) }
      : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = applied(result[field], value);
  }
  return result;
}

describe('a merge patch', () => {
  test('makes the one of the other, and is none exactly when they are equal', () => {
    fc.assert(
      fc.property(json.record, json.record, (before, after) => {
        const patch = mergePatch(before, after);
        expect(patch === undefined ? before : applied(before, patch)).toEqual(after);
        expect(mergePatch(before, structuredClone(before))).toBeUndefined();
      }),
    );
  });

  test('touches only what changes', () => {
    expect(mergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1] }, { a: 1, b: { c: 3 }, e: [1], f: {}, g: undefined })).toEqual(
      {
        b: { c: 3, d: null },
        f: {},
      },
    );
    expect(mergePatch({ a: [{ b: 1 }] }, { a: [{ b: 1, c: undefined }] })).toBeUndefined();
    expect(mergePatch({}, { a: null })).toBeUndefined();
    expect(mergePatch({ a: 1 }, { a: null })).toEqual({ a: null });
  });
});

describe('what is wanted', () => {
  test('is there when the rest is only more', () => {
    const grown = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(grown);
      if (typeof value !== 'object' || value === null) return value;
      return { ...Object.fromEntries(Object.entries(value).map(([field, member]) => [field, grown(member)])), more: 1 };
    };
    fc.assert(
      fc.property(json.record, (wanted) => {
        expect(subset(wanted, wanted)).toBe(true);
        expect(subset(wanted, structuredClone(wanted))).toBe(true);
        expect(subset(wanted, grown(wanted))).toBe(true);
      }),
    );
  });

  test('is missing after any leaf of it has changed', () => {
    fc.assert(
      fc.property(json.record, json.record, (wanted, live) => {
        // Merging what is wanted over anything makes it there; if it was there already, that changes nothing.
        expect(subset(wanted, applied(live, wanted))).toBe(true);
        if (mergePatch(live, applied(live, wanted)) !== undefined && !hasEmptyList(wanted))
          expect(subset(wanted, live)).toBe(false);
      }),
    );
  });

  test.each([
    [{ spec: { replicas: 2 } }, { spec: { replicas: 1 } }, 'spec.replicas'],
    [{ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] }, 'a[1].b'],
    [{ a: [1] }, { a: [1, 2] }, 'a'],
    [{ a: {} }, {}, 'a'],
    [{ a: {} }, { a: [] }, 'a'],
    [{ a: [1] }, { a: 'x' }, 'a'],
    [{ a: [] }, {}, undefined],
    [{ a: null }, {}, undefined],
    [{ a: null }, { a: 0 }, 'a'],
    [{ a: undefined }, { a: 1 }, undefined],
    [{ a: 0 }, {}, 'a'],
    [{ a: '1' }, { a: 1 }, 'a'],
  ])('%j in %j differs first at %s', (wanted, live, path) => {
    expect(firstDifference(wanted, live)).toBe(path);
  });
});

function hasEmptyList(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 || value.some(hasEmptyList);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasEmptyList);
}
