import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearest } from './suggestion.ts';

test.each([
  ['count', 'count', 0],
  ['cuont', 'count', 1],
  ['labelselector', 'labelSelector', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
])('%s and %s are %i apart', (left, right, distance) => {
  expect(editDistance(left, right)).toBe(distance);
  expect(editDistance(right, left)).toBe(distance);
});

test('the distance is at least the difference in length and at most the longer length', () => {
  const word = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      const distance = editDistance(left, right);
      expect(distance).toBeGreaterThanOrEqual(Math.abs(left.length - right.length));
      expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
      expect(distance === 0).toBe(left.toLowerCase() === right.toLowerCase());
    }),
  );
});

test('only near words are suggested', () => {
  const fields = ['count', 'instanceType', 'labelSelector', 'preferredNodes'];
  expect(nearest('instancetype', fields)).toBe('instanceType');
  expect(nearest('instanceTyp', fields)).toBe('instanceType');
  expect(nearest('labelSelectors', fields)).toBe('labelSelector');
  expect(nearest('replicas', fields)).toBeUndefined();
  expect(nearest('x'.repeat(100_000), fields)).toBeUndefined();
});
