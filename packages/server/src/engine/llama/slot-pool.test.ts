import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeGap, createSlots, denseChoices, place, type Slot } from './slot-pool.ts';

interface Job {
  readonly remaining: number;
}

function slots(
  ...used: readonly (readonly [tokens: readonly number[], job?: Job | undefined, adapter?: string])[]
): Slot<Job>[] {
  return createSlots<Job>(used.length).map((slot, id) => ({
    ...slot,
    tokens: [...used[id]![0]],
    job: used[id]![1],
    adapter: used[id]![2] ?? '',
    lastUsed: id,
  }));
}

const job: Job = { remaining: 100 };
const numbers = (length: number, from = 0) => Array.from({ length }, (_, index) => from + index);
const isRun = (ids: readonly number[]) => ids.every((id, index) => index === 0 || id === ids[index - 1]! + 1);
const usedIds = (pool: readonly Slot<Job>[]) => pool.filter((slot) => slot.job !== undefined).map((slot) => slot.id);

describe('slot pool', () => {
  it('keeps the ids in use one run, whoever comes and goes', () => {
    const steps = fc.array(fc.oneof(fc.constant('join' as const), fc.nat({ max: 7 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (script) => {
        const pool = createSlots<Job>(8);
        for (const step of script) {
          if (step === 'join') {
            const chosen = denseChoices(pool)[0];
            expect(chosen === undefined).toBe(usedIds(pool).length === 8);
            if (chosen) chosen.job = job;
          } else pool[step]!.job = undefined;
          for (let move = closeGap(pool, () => 100, 1); move; move = closeGap(pool, () => 100, 1))
            [move.to.job, move.from.job] = [move.from.job, undefined];
          expect(isRun(usedIds(pool))).toBe(true);
        }
      }),
    );
  });

  it('leaves a gap when too few tokens are to come', () => {
    const pool = slots([[], { remaining: 3 }], [[]], [[], { remaining: 4 }]);
    expect(closeGap(pool, ({ remaining }) => remaining, 5)).toBeUndefined();
    expect(closeGap(pool, ({ remaining }) => remaining, 4)).toMatchObject({ from: { id: 2 }, to: { id: 1 } });
  });

  it('continues the conversation that a slot holds', () => {
    const pool = slots([numbers(40)], [numbers(50, 100)], [[]]);
    expect(place(pool, [...numbers(50, 100), 7], '', 32)).toMatchObject({
      slot: { id: 1 },
      source: { id: 1 },
      shared: 50,
    });
  });

  it('spends the slot unused for longest on a prompt that shares only a short beginning', () => {
    const pool = slots([numbers(10, 500)], [numbers(100)]);
    expect(place(pool, [...numbers(20), 999], '', 32)).toMatchObject({ slot: { id: 0 }, source: { id: 0 }, shared: 0 });
  });

  it('copies a long shared beginning, even from a slot in use', () => {
    const pool = slots([numbers(100), job], [[]], [[]]);
    expect(place(pool, [...numbers(60), 999], '', 32)).toMatchObject({
      slot: { id: 1 },
      source: { id: 0 },
      shared: 60,
    });
  });

  it('does not share between adapters', () => {
    const pool = slots([numbers(100), undefined, 'tuned'], [[]]);
    expect(place(pool, numbers(100), '', 32)).toMatchObject({ shared: 0 });
    expect(place(pool, numbers(100), 'tuned', 32)).toMatchObject({ slot: { id: 0 }, shared: 100 });
  });

  it('has no place when all are in use', () => {
    expect(place(slots([[], job], [[], job]), [1], '', 32)).toBeUndefined();
  });
});
