import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPath, parsePath, valueAt } from './path.ts';

test.each([
  [['inference', 'adapters', 0, 'strength'], 'inference.adapters[0].strength'],
  [['metadata', 'annotations', 'kaito.sh/enablelb'], 'metadata.annotations["kaito.sh/enablelb"]'],
  [[], ''],
  [[3], '[3]'],
  [['a b', 'c'], '["a b"].c'],
])('%j is written %s', (path, text) => {
  expect(formatPath(path)).toBe(text);
  expect(parsePath(text)).toEqual(path);
});

test('reading a written path gives the path', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.nat())), (path) => {
      expect(parsePath(formatPath(path))).toEqual(path);
    }),
  );
});

test('any text is read as some path', () => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(parsePath(text))));
  expect(parsePath('a..b')).toEqual(['a..b']);
  expect(parsePath('a["\\x"]')).toEqual(['a["\\x"]']);
});

test('looks up own properties only', () => {
  expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1);
  expect(valueAt({}, ['constructor'])).toBeUndefined();
  expect(valueAt(null, ['a'])).toBeUndefined();
});
