import { expect, test } from 'vitest';
import { leaseFlags, leaseTimes, readFlags, SettingsError } from './flags.ts';

function read(...args: readonly string[]) {
  const flags = readFlags(args, ['port', 'mode', 'on', 'wait', ...leaseFlags]);
  if (flags === 'help') throw new Error('no help was asked for');
  return flags;
}

test('what is not given is as it was; what is given is read as what it is', () => {
  const none = read();
  expect([none.whole('port', 80, 0, 99), none.yes('on', true), none.duration('wait', '2m')]).toEqual([
    80,
    true,
    120_000,
  ]);
  expect(leaseTimes(none)).toEqual({ leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 });
  const given = read('--port=0', '--on', 'false', '--mode=b', '--wait=24h', '--retry-period=0.5');
  expect([given.whole('port', 80, 0, 99), given.yes('on', true), given.oneOf('mode', ['a', 'b'], 'a')]).toEqual([
    0,
    false,
    'b',
  ]);
  expect([given.duration('wait', '2m'), leaseTimes(given).retryPeriodMs]).toEqual([86_400_000, 500]);
});

test('help', () => {
  expect(readFlags(['--port', '1', '-h'], ['port'])).toBe('help');
  expect(readFlags(['--help'], [])).toBe('help');
});

test.each([
  [['--other=1'], () => {}, /--other.*\(--help lists the options\)/],
  [['word'], () => {}, /word/],
  [['--port=100'], (flags) => flags.whole('port', 80, 0, 99), '--port is "100"; write a whole number from 0 to 99'],
  [['--port=1e1'], (flags) => flags.whole('port', 80, 0, 99), '--port is "1e1"'],
  [['--mode=c'], (flags) => flags.oneOf('mode', ['a', 'b'], 'a'), '--mode is "c"; write one of a, b'],
  [['--on=yes'], (flags) => flags.yes('on', true), '--on is "yes"; write one of true, false'],
  [['--wait=25h'], (flags) => flags.duration('wait', '2m'), '--wait is "25h"; write a duration from 1s to 24h'],
  [['--wait=1'], (flags) => flags.duration('wait', '2m'), '--wait is "1"'],
  [['--renew-deadline=0'], leaseTimes, '--renew-deadline is "0"; write seconds from 0.1 to 3600'],
  [['--lease-duration=10'], leaseTimes, '--lease-duration must be longer than --renew-deadline'],
] satisfies readonly [readonly string[], (flags: ReturnType<typeof read>) => unknown, string | RegExp][])(
  '%j is refused',
  (args, look, says) => {
    const act = (): unknown => look(read(...args));
    expect(act).toThrow(SettingsError);
    expect(act).toThrow(says);
  },
);
