import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const now = new Date('2026-01-01T00:00:00Z');

test.each([
  [{ 'retry-after': '7' }, 7000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': ' 1.5 ' }, 1500],
  [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Thu, 01 Jan 2015 00:00:30 GMT' }, 0],
  [{ 'retry-after': '99999999' }, 3_600_000],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{}, undefined],
  [{ 'retry-after': '7', 'x-ms-retry-after-ms': '250' }, 250],
  [{ 'retry-after-ms': '300' }, 300],
])('%j asks for %s ms', (headers, ms) => {
  expect(retryAfterMs(headers, now)).toBe(ms);
});

test('whatever a server sends, the wait is between nothing and an hour', () => {
  const seconds = fc.integer().map(String);
  const dates = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString());
  fc.assert(
    fc.property(fc.oneof(fc.string(), seconds, dates), (value) => {
      const ms = retryAfterMs({ 'retry-after': value }, now);
      if (ms !== undefined)
        expect(ms).toSatisfy((wait: number) => Number.isInteger(wait) && wait >= 0 && wait <= 3_600_000);
    }),
  );
});

test('seconds are read as they are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3600 }), (seconds) => {
      expect(retryAfterMs({ 'retry-after': String(seconds) }, now)).toBe(seconds * 1000);
    }),
  );
});

test('a date is read as the time until then', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3600 }), (seconds) => {
      const date = new Date(now.getTime() + seconds * 1000).toUTCString();
      expect(retryAfterMs({ 'retry-after': date }, now)).toBe(seconds * 1000);
    }),
  );
});
