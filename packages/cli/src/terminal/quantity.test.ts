import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { age, bytes, duration, elapsed, parameters, price } from './quantity.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [98_362_432, '93.8 MiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [-1.5 * 1024 ** 3, '-1.5 GiB'],
  [14 * 1024 ** 4, '14.0 TiB'],
])('%d bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});

test('bytes never show a figure that belongs to the next unit', () => {
  assert(
    property(integer({ min: 0, max: 2 ** 50 }), (count) => {
      expect(Number(bytes(count).split(' ')[0])).toBeLessThan(1024);
    }),
  );
});

test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [600, '10m'],
  [3 * 3600 + 300, '3h5m'],
  [9 * 3600, '9h'],
  [51 * 3600, '2d3h'],
  [90 * 86_400, '90d'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('short times have a decimal', () => {
  expect(elapsed(0.44)).toBe('0.4s');
  expect(elapsed(9.97)).toBe('9s');
  expect(elapsed(75)).toBe('75s');
});

test('an age without a time is unknown', () => {
  const now = Date.parse('2026-01-01T00:02:05Z');
  expect(age('2026-01-01T00:00:00Z', now)).toBe('2m5s');
  expect(age(undefined, now)).toBe('<unknown>');
  expect(age('yesterday', now)).toBe('<unknown>');
});

test('prices and parameters', () => {
  expect(price({ amount: 4.352, currency: 'USD' })).toBe('4.35 USD/h');
  expect(price(undefined)).toBe('unknown');
  expect(parameters(134_515_008)).toBe('135M');
  expect(parameters(7_241_732_096)).toBe('7.2B');
  expect(parameters(70e9)).toBe('70B');
});
