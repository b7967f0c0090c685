import { expect, test } from 'vitest';
import { mostRealNodes, nextNumber } from './addresses.ts';

test('a node that has gone leaves its addresses alone for long', () => {
  expect(nextNumber(0, new Set())).toBe(1);
  expect(nextNumber(4, new Set([1, 2, 3]))).toBe(5);
});

test('after the last comes the first that is free, and none where all are taken', () => {
  expect(nextNumber(mostRealNodes, new Set([1, 2]))).toBe(3);
  expect(nextNumber(7, new Set(Array.from({ length: mostRealNodes }, (_, index) => index + 1)))).toBeUndefined();
});
