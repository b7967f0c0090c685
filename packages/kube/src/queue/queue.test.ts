import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { Delays } from './delays.ts';
import { Heap } from './heap.ts';
import { createQueue } from './queue.ts';
import type { Queue, QueueState } from './queue.ts';
import { TokenBucket } from './rate-limit.ts';

const newQueue = (clock = new ManualClock(), options = {}) => createQueue({ clock, ...options });

test('the heap gives entries back in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((a, b) => a < b);
      for (const number of numbers) heap.push(number);
      const out = numbers.map(() => heap.pop());
      expect(out).toEqual(numbers.toSorted((a, b) => a - b));
      expect(heap.pop()).toBeUndefined();
    }),
  );
});

describe('a key', () => {
  test('is queued once however often it is added', async () => {
    const queue = newQueue();
    for (let time = 0; time < 5; time += 1) queue.add('a');
    expect(queue.depth).toBe(1);
    expect(await queue.take()).toBe('a');
    expect(queue.depth).toBe(0);
  });

  test('that is added while it is worked on comes again, once, after it is done', async () => {
    const queue = newQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a', 'low');
    const again = queue.take();
    let taken: string | undefined;
    void again.then((key) => (taken = key));
    await settled();
    expect(taken).toBeUndefined();
    queue.done('a');
    expect(await again).toBe('a');
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  test('cannot be done when nobody works on it', () => {
    expect(() => newQueue().done('a')).toThrow(RangeError);
  });

  test('that once waited in both lines is still never handed out twice at once', async () => {
    const queue = newQueue();
    queue.add('a', 'low');
    queue.add('a');
    expect(await queue.take()).toBe('a');
    queue.add('a', 'low');
    queue.add('b', 'low');
    expect(await queue.take()).toBe('b');
  });

  test('of low priority moves ahead when it is added again as normal, and keeps its place otherwise', async () => {
    const queue = newQueue();
    for (const key of ['a', 'b', 'c']) queue.add(key, 'low');
    queue.add('c');
    queue.add('b', 'low');
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['c', 'a', 'b']);
  });
});

test('changes go before a flood, and the flood goes on all the same', async () => {
  const queue = newQueue();
  for (let at = 0; at < 100; at += 1) queue.add(`flood-${at}`, 'low');
  for (let at = 0; at < 100; at += 1) queue.add(`change-${at}`);
  const first: string[] = [];
  for (let at = 0; at < 90; at += 1) first.push((await queue.take())!);
  expect(first[0]).toBe('change-0');
  expect(first.filter((key) => key.startsWith('flood')).length).toBe(10);
  expect(first.filter((key) => key.startsWith('flood'))).toEqual(Array.from({ length: 10 }, (_, at) => `flood-${at}`));
});

describe('delays', () => {
  test('the earliest time of a key wins, on one timer', async () => {
    const clock = new ManualClock();
    const queue = newQueue(clock);
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    queue.addAfter('b', 300);
    expect(clock.pending).toBe(1);
    clock.advance(199);
    expect(queue.depth).toBe(0);
    clock.advance(1);
    expect(await queue.take()).toBe('a');
    queue.done('a');
    clock.advance(10_000);
    expect(await queue.take()).toBe('b');
    expect(queue.depth).toBe(0);
    expect(queue.delayed).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('every key becomes due at its earliest time, never before', () => {
    const adds = fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), in: fc.nat(1000), wait: fc.nat(300) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(adds, (steps) => {
        const clock = new ManualClock();
        const due: string[] = [];
        const delays = new Delays(clock, (key) => due.push(`${key}@${clock.monotonic()}`));
        const model = new Map<string, number>();
        const expected: string[] = [];
        const pass = (ms: number) => {
          const end = clock.monotonic() + ms;
          const ripe = [...model].filter(([, at]) => at <= end).toSorted((a, b) => a[1] - b[1]);
          for (const [key, at] of ripe) {
            expected.push(`${key}@${at}`);
            model.delete(key);
          }
          clock.advance(ms);
        };
        for (const step of steps) {
          delays.add(step.key, step.in);
          model.set(step.key, Math.min(model.get(step.key) ?? Infinity, clock.monotonic() + step.in));
          pass(step.wait);
          expect(delays.size).toBe(model.size);
        }
        pass(2000);
        expect(due.toSorted()).toEqual(expected.toSorted());
        expect(clock.pending).toBe(0);
      }),
    );
  });

  test('all can be made due at once', async () => {
    const queue = newQueue();
    queue.addAfter('a', 1e9);
    queue.addAfter('b', 5);
    queue.releaseDelayed();
    expect(queue.delayed).toBe(0);
    expect(queue.depth).toBe(2);
  });
});

describe('retries', () => {
  test('wait twice as long after each failure, up to the longest, until the key is forgotten', () => {
    const queue = newQueue(new ManualClock(), { backoff: { firstMs: 5, maxMs: 60 } });
    expect([1, 2, 3, 4, 5, 6].map(() => queue.retry('a'))).toEqual([5, 10, 20, 40, 60, 60]);
    expect(queue.failures('a')).toBe(6);
    expect(queue.failures('b')).toBe(0);
    queue.forget('a');
    expect(queue.retry('a')).toBe(5);
    expect(queue.retry('a', 30_000)).toBe(30_000);
  });

  test('of all keys together keep to one rate', () => {
    const queue = newQueue(new ManualClock(), { retryRate: { perSecond: 10, burst: 3 } });
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => queue.retry(key))).toEqual([5, 5, 5, 100, 200]);
  });

  test('the bucket never lets more through than its rate', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 100 }), (gaps) => {
        const clock = new ManualClock();
        const bucket = new TokenBucket(clock, { perSecond: 20, burst: 5 });
        const at = gaps.map((gap) => {
          clock.advance(gap);
          return clock.monotonic() + bucket.take();
        });
        for (let from = 0; from < at.length; from += 1) {
          for (let to = from; to < at.length; to += 1) {
            const seconds = (at[to]! - at[from]!) / 1000;
            expect(to - from + 1).toBeLessThanOrEqual(5 + seconds * 20 + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('shutdown', () => {
  test('hands out what is left, takes nothing new, and then tells every worker', async () => {
    const queue = newQueue();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    queue.shutdown();
    queue.add('d');
    expect(await queue.take()).toBe('a');
    expect(await queue.take()).toBe('b');
    const waiting = [queue.take(), queue.take()];
    queue.done('a');
    queue.done('b');
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(await queue.take()).toBeUndefined();
  });

  test('with discard drops what waits, also what came while it was worked on', async () => {
    const queue = newQueue();
    queue.add('a');
    queue.add('b');
    await queue.take();
    queue.add('a');
    queue.shutdown({ discard: true });
    const idle = queue.idle();
    queue.done('a');
    await idle;
    expect(await queue.take()).toBeUndefined();
    expect(queue.depth).toBe(0);
  });
});

test('under any interleaving no key is worked on twice at once, none is lost, and the numbers agree', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), key: fc.nat(6), low: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('after' as const), key: fc.nat(6), ms: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('retry' as const), key: fc.nat(6) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('done' as const), which: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(60) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const clock = new ManualClock();
      let state: (() => QueueState) | undefined;
      let added = 0;
      let takenCount = 0;
      const queue: Queue = createQueue({
        clock,
        metrics: {
          added: () => (added += 1),
          retried() {},
          taken: () => (takenCount += 1),
          done() {},
          observe: (read) => (state = read),
        },
      });
      const working = new Set<string>();
      let waiting = 0;
      let overlaps = 0;
      const handed = async (taken: Promise<string | undefined>): Promise<void> => {
        const key = (await taken)!;
        waiting -= 1;
        if (working.has(key)) overlaps += 1;
        working.add(key);
        owed.delete(key);
      };
      /** Keys that were added since they were last taken. */
      const owed = new Set<string>();
      for (const one of steps) {
        if (one.do === 'add') {
          owed.add(`k${one.key}`);
          queue.add(`k${one.key}`, one.low ? 'low' : 'normal');
        } else if (one.do === 'after') queue.addAfter(`k${one.key}`, one.ms);
        else if (one.do === 'retry') queue.retry(`k${one.key}`);
        else if (one.do === 'take') {
          waiting += 1;
          void handed(queue.take());
        } else if (one.do === 'done' && working.size > 0) {
          const key = [...working][one.which % working.size]!;
          working.delete(key);
          queue.done(key);
        } else if (one.do === 'pass') clock.advance(one.ms);
        await Promise.resolve();
        if (waiting > 0) expect(queue.depth).toBe(0);
      }
      clock.advance(1e6);
      await settled();
      expect(state!().depth).toBe(queue.depth);
      while (queue.depth > 0 || working.size > 0) {
        for (const key of working) {
          working.delete(key);
          queue.done(key);
        }
        await settled();
        if (queue.depth === 0) continue;
        const key = (await queue.take())!;
        owed.delete(key);
        queue.done(key);
      }
      expect(overlaps).toBe(0);
      expect(owed).toEqual(new Set());
      expect(takenCount).toBe(added);
      expect(state!()).toEqual({ depth: 0, unfinishedSeconds: 0, longestRunningSeconds: 0 });
    }),
    { numRuns: 150 },
  );
});
