import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, defaultRetryPolicy, parseRetryAfter } from './retry.ts';

describe('backoffMs', () => {
  it('stays between half of the step and the cap, whatever chance says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, chance) => {
          const pause = backoffMs(failures, defaultRetryPolicy, () => chance);
          expect(pause).toBeGreaterThanOrEqual(defaultRetryPolicy.baseMs / 2);
          expect(pause).toBeLessThanOrEqual(defaultRetryPolicy.capMs);
        },
      ),
    );
  });

  it('never comes back before the server wishes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (wish, chance) => {
        expect(backoffMs(1, defaultRetryPolicy, () => chance, wish)).toBeGreaterThanOrEqual(wish);
      }),
    );
  });
});

describe('parseRetryAfter', () => {
  it.each([
    ['7', 7000],
    ['Wed, 21 Oct 2015 07:28:10 GMT', 10_000],
    ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('reads %s', (value, expected) => {
    expect(parseRetryAfter(value, Date.parse('2015-10-21T07:28:00Z'))).toBe(expected);
  });
});
