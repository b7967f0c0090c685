import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCron } from './cron.ts';
import { parseUpdateWindow, positionIn } from './update-window.ts';

const at = (text: string) => new Date(`${text}Z`);

describe('a schedule', () => {
  test.each([
    ['0 2 * * 6', '2026-01-01T00:00', '2026-01-03T02:00'],
    ['0 2 * * sat', '2026-01-03T02:00', '2026-01-03T02:00'],
    ['0 2 * * SAT', '2026-01-03T02:00:01', '2026-01-10T02:00'],
    ['0 0 * * 7', '2026-01-01T00:00', '2026-01-04T00:00'],
    ['*/15 8-9 * * 1-5', '2026-01-02T09:46', '2026-01-05T08:00'],
    ['30/10 1 * * *', '2026-01-01T01:31', '2026-01-01T01:40'],
    ['0 0 29 feb *', '2026-01-01T00:00', '2028-02-29T00:00'],
    ['0 0 13 * 5', '2026-02-01T00:00', '2026-02-06T00:00'],
    ['0 0 */2 * 1', '2026-02-01T00:00:01', '2026-02-09T00:00'],
    ['5,10 3 1 jan-mar *', '2026-03-01T03:06', '2026-03-01T03:10'],
  ])('%s after %s is at %s', (expression, from, next) => {
    expect(parseCron(expression).next(at(from))).toEqual(at(next));
  });

  test('that never comes has no next', () => {
    expect(parseCron('0 0 31 2 *').next(at('2026-01-01T00:00'))).toBeUndefined();
  });

  test.each([
    ['* * * *', /4 fields/],
    ['60 * * * *', /"60" is no minute/],
    ['* 1-x * * *', /"x" is no hour/],
    ['* * 0 * *', /no day of the month/],
    ['* * * smarch *', /no month/],
    ['* * * * 8', /no day of the week/],
    ['*/0 * * * *', /no minute/],
    ['9-3 * * * *', /no minute/],
    ['1-2-3 * * * *', /no minute/],
    ['1/2/3 * * * *', /no minute/],
    [', * * * *', /no minute/],
  ])('%s is refused', (expression, words) => {
    expect(() => parseCron(expression)).toThrow(words);
  });

  test('names full minutes, in order, and leaves none out', () => {
    const minute = fc.integer({ min: 0, max: 59 });
    const from = fc.date({ min: at('2026-01-01T00:00'), max: at('2030-01-01T00:00'), noInvalidDate: true });
    fc.assert(
      fc.property(minute, fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 6 }), from, (m, h, day, start) => {
        const next = parseCron(`${m} ${h} * * ${day}`).next(start)!;
        expect([next.getUTCMinutes(), next.getUTCHours(), next.getUTCDay(), next.getTime() % 60_000]).toEqual([
          m,
          h,
          day,
          0,
        ]);
        const wait = next.getTime() - start.getTime();
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(7 * 86_400_000);
        const previous = parseCron(`${m} ${h} * * ${day}`).previous(start)!;
        expect(next.getTime() - previous.getTime()).toBe(wait === 0 ? 0 : 7 * 86_400_000);
      }),
    );
  });
});

describe('a window', () => {
  test.each([
    ['2026-01-03T01:59:59', { open: false, opensAt: at('2026-01-03T02:00') }],
    ['2026-01-03T02:00:00', { open: true, closesInMs: 4 * 3_600_000 }],
    ['2026-01-03T05:59:59', { open: true, closesInMs: 1000 }],
    ['2026-01-03T06:00:00', { open: false, opensAt: at('2026-01-10T02:00') }],
  ])('of Saturdays, 02:00 for four hours: at %s %j', (now, position) => {
    expect(positionIn(parseUpdateWindow('0 2 * * 6 4h'), at(now))).toEqual(position);
  });

  test('that opens anew before it closes stays open', () => {
    const always = parseUpdateWindow('0 * * * * 1h30m');
    expect(positionIn(always, at('2026-01-01T10:10'))).toEqual({ open: true, closesInMs: 80 * 60_000 });
    expect(positionIn(always, at('2026-01-01T10:59:59'))).toMatchObject({ open: true });
  });

  test('is open exactly for its length after each opening', () => {
    const now = fc.date({ min: at('2026-01-01T00:00'), max: at('2027-01-01T00:00'), noInvalidDate: true });
    fc.assert(
      fc.property(now, fc.integer({ min: 1, max: 24 * 60 }), (moment, minutes) => {
        const midnight = Math.floor(moment.getTime() / 86_400_000) * 86_400_000;
        const { open } = positionIn(parseUpdateWindow(`0 0 * * * ${minutes}m`), moment);
        expect(open).toBe(moment.getTime() - midnight < minutes * 60_000);
      }),
    );
  });

  test.each(['', '4h', '0 2 * * 6', '0 2 * * 6 4', '0 2 * * 6 0h', '0 2 * * 6 8d', '0 2 * * 9 4h', 'x 4h'])(
    '%j is refused',
    (text) => {
      expect(() => parseUpdateWindow(text)).toThrow(SyntaxError);
    },
  );
});
