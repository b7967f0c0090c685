import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes, formatSeconds } from './measure.ts';

test.each([
  [0, '0 B'],
  [1000, '1000 B'],
  [1024, '1 KiB'],
  [98_362_432, '93.8 MiB'],
  [1_073_741_823, '1 GiB'],
  [16 * 2 ** 30, '16 GiB'],
  [3 * 2 ** 50, '3072 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [200, '3 min 20 s'],
  [3600, '1 h'],
  [7500, '2 h 5 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('formatted bytes are within five per cent of the truth and never longer than a column', () => {
  const factor: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => {
      const [value, unit] = formatBytes(bytes).split(' ');
      const back = Number(value) * (factor[unit ?? ''] ?? Number.NaN);
      expect(Math.abs(back - bytes) / bytes).toBeLessThanOrEqual(0.05);
      expect(formatBytes(bytes).length).toBeLessThanOrEqual(8);
    }),
  );
});
