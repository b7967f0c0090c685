import { describe, expect, test } from 'vitest';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { RequestLimit } from './rate-limit.ts';

describe('RequestLimit', () => {
  test('lets a burst through at once and then so many each second, in order', async () => {
    const clock = new ManualClock();
    const limit = new RequestLimit({ qps: 10, burst: 2, clock });
    expect(limit.take()).toBeUndefined();
    expect(limit.take()).toBeUndefined();
    const started: number[] = [];
    for (const number of [1, 2, 3]) void limit.take()?.then(() => started.push(number));
    await settled();
    expect(started).toEqual([]);
    clock.advance(100);
    await settled();
    expect(started).toEqual([1]);
    clock.advance(200);
    await settled();
    expect(started).toEqual([1, 2, 3]);
    expect(clock.pending).toBe(0);
  });

  test('never saves up more than the burst', () => {
    const clock = new ManualClock();
    const limit = new RequestLimit({ qps: 10, burst: 2, clock });
    clock.advance(60_000);
    expect([limit.take(), limit.take()]).toEqual([undefined, undefined]);
    expect(limit.take()).toBeInstanceOf(Promise);
  });

  test('one that is aborted leaves its place to the next', async () => {
    const clock = new ManualClock();
    const limit = new RequestLimit({ qps: 1, burst: 1, clock });
    expect(limit.take()).toBeUndefined();
    const abort = new AbortController();
    const first = limit.take(abort.signal);
    let second = false;
    void limit.take()?.finally(() => {
      second = true;
    });
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    clock.advance(1_000);
    await settled();
    expect(second).toBe(true);
  });

  test('a limit that lets nothing through is refused', () => {
    expect(() => new RequestLimit({ qps: 0, burst: 1, clock: new ManualClock() })).toThrow(RangeError);
    expect(() => new RequestLimit({ qps: 5, burst: 0, clock: new ManualClock() })).toThrow(RangeError);
  });
});
