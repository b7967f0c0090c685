import { describe, expect, it } from 'vitest';
import { describe as describeProgress } from './command/show-progress.ts';
import { ProgressMeter } from './progress.ts';
import type { WeightsProgress } from './request.ts';

function meter() {
  const clock = { now: 0 };
  const events: WeightsProgress[] = [];
  return {
    clock,
    events,
    meter: new ProgressMeter(
      (event) => events.push(event),
      () => clock.now,
    ),
  };
}

describe('ProgressMeter', () => {
  it('tells the rate over the last seconds and the time left', () => {
    const { clock, events, meter: progress } = meter();
    for (let second = 0; second <= 20; second += 1) {
      clock.now = second * 1000;
      progress.report('https', 'download', second <= 10 ? second * 100 : 1000 + (second - 10) * 1000, 21_000);
    }
    expect(events.at(-1)).toEqual({
      source: 'https',
      step: 'download',
      doneBytes: 11_000,
      totalBytes: 21_000,
      bytesPerSecond: 1000,
      secondsLeft: 10,
    });
  });

  it('merges what comes fast, but never loses the end or a new step', () => {
    const { clock, events, meter: progress } = meter();
    for (let done = 0; done <= 1000; done += 1) {
      clock.now += 0.05;
      progress.report('pip', 'download', done, 1000);
    }
    progress.report('pip', 'extract', 0, 10);
    expect(events.map(({ step, doneBytes }) => [step, doneBytes])).toEqual([
      ['download', 0],
      ['download', 1000],
      ['extract', 0],
    ]);
  });

  it('does not count what lay there before as downloaded now', () => {
    const { clock, events, meter: progress } = meter();
    progress.report('https', 'verify', 5_000_000, 5_000_000);
    clock.now = 1000;
    progress.report('https', 'download', 5_000_000, 6_000_000);
    clock.now = 2000;
    progress.report('https', 'download', 5_500_000, 6_000_000);
    expect(events.at(-1)).toMatchObject({ bytesPerSecond: 500_000, secondsLeft: 1 });
  });

  it('reads well', () => {
    const event = {
      source: 'pip',
      step: 'download',
      doneBytes: 38e6,
      totalBytes: 92.9e6,
      bytesPerSecond: 21e6,
      secondsLeft: 2.6,
    } as const;
    expect(describeProgress(event)).toBe('pip download: 38 of 93 MB, 21 MB/s, 3 s left');
    expect(describeProgress({ source: 'hub', step: 'resolve', doneBytes: 0 })).toBe('hub resolve');
  });
});
