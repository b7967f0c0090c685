import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { amount } from './quantity.ts';

test.each([
  ['1', 1],
  [4, 4],
  ['100m', 0.1],
  ['16Gi', 17_179_869_184],
  ['131899640Ki', 135_065_231_360],
  ['1.5G', 1_500_000_000],
  ['2e3', 2000],
  ['1E', 1e18],
])('%s is %d', (text, value) => {
  expect(amount(text)).toBeCloseTo(value);
});

test.each([undefined, null, '', 'Gi', '1Zi', '1 Gi', {}])('%s is none', (text) => {
  expect(amount(text)).toBeUndefined();
});

test('whole numbers are themselves', () => {
  fc.assert(
    fc.property(fc.nat(), (value) => {
      expect(amount(String(value))).toBe(value);
    }),
  );
});
