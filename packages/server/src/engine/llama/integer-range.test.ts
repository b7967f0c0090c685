import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integerRange } from './integer-range.ts';

/** The expressions use only literals, character classes, counts and choices, which regular expressions have too. */
function pattern(expression: string): RegExp {
  return new RegExp(`^(?:${expression.replaceAll(/[" ]/g, '')})$`);
}

describe('integerRange', () => {
  it('holds exactly the integers between its bounds', () => {
    const bound = fc.integer({ min: -12_000, max: 12_000 });
    fc.assert(
      fc.property(bound, bound, bound, (a, b, value) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const range = pattern(integerRange(low, high)!);
        for (const probe of [value, low, high, low - 1, high + 1])
          expect(range.test(String(probe)), `${probe} in ${low}..${high}`).toBe(probe >= low && probe <= high);
      }),
      { numRuns: 500 },
    );
  });

  it('is open where there is no bound', () => {
    const natural = pattern(integerRange(0)!);
    for (const yes of ['0', '7', '10', '999999999999999']) expect(natural.test(yes)).toBe(true);
    for (const no of ['-1', '00', '01', '-0', '', '1.5']) expect(natural.test(no)).toBe(false);
  });

  it('has no expression for nothing', () => {
    expect(integerRange(2, 1)).toBeUndefined();
    expect(integerRange(1.2, 1.8)).toBeUndefined();
    expect(integerRange(Number.NaN, 3)).toBeUndefined();
  });
});
