import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantity } from './quantity.ts';

test.each([
  [0, '0Mi'],
  [1, '1Mi'],
  [2 ** 20, '1Mi'],
  [2 ** 30, '1Gi'],
  [2 ** 30 + 1, '1025Mi'],
])('%d bytes are %s', (bytes, text) => {
  expect(quantity(bytes)).toBe(text);
});

test('it never rounds down, and by less than a MiB up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
      const text = quantity(bytes);
      const unit = text.endsWith('Gi') ? 2 ** 30 : 2 ** 20;
      const back = Number.parseInt(text, 10) * unit;
      expect(back).toBeGreaterThanOrEqual(bytes);
      expect(back - bytes).toBeLessThan(2 ** 20);
    }),
  );
});
