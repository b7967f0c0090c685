import { ManualClock } from '@kaito/kube/testing';
import { expect, test } from 'vitest';
import { createPoolQueue } from './pool-queue.ts';

function setUp(most: number) {
  const clock = new ManualClock();
  const queue = createPoolQueue({ most, clock });
  const woken: string[] = [];
  const enter = (key: string) => queue.enter(key, () => woken.push(key));
  return { clock, queue, woken, enter };
}

test('turns come in the order in which they were asked for', () => {
  const { queue, woken, enter } = setUp(2);
  expect(['a', 'b', 'c', 'd'].map(enter)).toEqual([true, true, false, false]);
  expect(enter('c')).toBe(false);
  queue.leave('b');
  expect(woken).toEqual(['c']);
  expect(enter('d')).toBe(false);
  expect(enter('c')).toBe(true);
  queue.leave('a');
  expect(woken).toEqual(['c', 'd']);
});

test('where AKS allows one at a time, one is begun at a time, and none is tried before it is over', () => {
  const { queue, woken, enter } = setUp(5);
  expect([enter('a'), enter('b')]).toEqual([true, true]);
  queue.refused('b');
  expect([enter('b'), enter('c')]).toEqual([false, false]);
  queue.leave('a');
  expect(woken).toEqual(['b']);
  expect([enter('b'), enter('c')]).toEqual([true, false]);
});

test('what was refused is tried again after some minutes, one more at a time', () => {
  const { clock, queue, enter } = setUp(5);
  ['a', 'b'].map(enter);
  queue.refused('b');
  expect(enter('b')).toBe(false);
  clock.advance(600_000);
  expect([enter('b'), enter('c')]).toEqual([true, false]);
});

test("while AKS is busy with somebody else's operation, nothing is asked before the time it said", () => {
  const { clock, queue, woken, enter } = setUp(5);
  expect(enter('a')).toBe(true);
  queue.refused('a', 30_000);
  expect([enter('a'), enter('b')]).toEqual([false, false]);
  clock.advance(29_999);
  expect(woken).toEqual([]);
  clock.advance(1);
  expect(woken).toEqual(['a']);
});

test('operations from before a restart count, whatever the limit', () => {
  const { queue, enter } = setUp(1);
  queue.resume('a');
  queue.resume('b');
  expect(enter('c')).toBe(false);
  queue.leave('a');
  expect(enter('c')).toBe(false);
  queue.leave('b');
  expect(enter('c')).toBe(true);
});

test('one that gives up its place holds up nobody', () => {
  const { queue, woken, enter } = setUp(1);
  ['a', 'b', 'c'].map(enter);
  queue.leave('b');
  queue.leave('a');
  expect(woken).toEqual(['c']);
  expect(queue.waiting).toBe(0);
});
