import { describe, expect, it } from 'vitest';
import { type Flag, LaunchError, oneOf, readFlags, splitAtScript, text, whole } from './flags.ts';

const flags = {
  count: { read: whole(1, 8) },
  name: { read: text, fallback: 'none' },
  kind: { read: oneOf('big', 'small'), fallback: 'big' },
} satisfies Record<string, Flag<unknown>>;

describe('flags of a launch line', () => {
  it('are read by name, with fallbacks', () => {
    expect(readFlags('run', ['--kind=small', '--count=8'], flags)).toEqual({ count: 8, name: 'none', kind: 'small' });
    expect(readFlags('run', ['--count=1', '--name=a=b'], flags)).toEqual({ count: 1, name: 'a=b', kind: 'big' });
  });

  it.each([
    [['--count=1', '--speed=3'], 'run: unknown flag --speed; known are --count, --name, --kind'],
    [['--count=1', '--toString=3'], 'run: unknown flag --toString; known are --count, --name, --kind'],
    [['--count=1', '--count=1'], 'run: --count is given twice'],
    [[], 'run: --count is missing'],
    [['--count'], 'run: "--count" is not of the form --name=value'],
    [['--count=1', 'more'], 'run: "more" is not of the form --name=value'],
    [['--count=9'], 'run: --count must be a whole number from 1 to 8, not "9"'],
    [['--count='], 'run: --count must be a whole number from 1 to 8, not ""'],
    [['--count=1', '--name='], 'run: --name must not be empty'],
    [['--count=1', '--kind=huge'], 'run: --kind must be big or small here, not "huge"'],
  ])('%j is refused with one sentence', (words, message) => {
    expect(() => readFlags('run', words, flags)).toThrow(new LaunchError(message));
  });

  it('end at the script', () => {
    expect(splitAtScript('run', ['--a=1', 'x.py', '--b=2'])).toEqual({
      own: ['--a=1'],
      script: 'x.py',
      rest: ['--b=2'],
    });
    expect(() => splitAtScript('run', ['--a=1'])).toThrow(new LaunchError('run: no script to start'));
  });
});
