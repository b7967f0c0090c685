import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { parseOptions, stepNamed } from './options.ts';
import { seedStory } from './seed/seed.ts';

const { steps } = await seedStory();

/** What parsing gives and what it prints. */
function parse(...args: string[]): { options?: object; exitCode?: number; printed: string } {
  let printed = '';
  try {
    return { options: parseOptions(args, (text) => (printed += text)), printed };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: error.exitCode, printed };
  }
}

test('without arguments it runs to its end and leaves nothing', () => {
  expect(parse().options).toEqual({
    list: false,
    beyond: false,
    check: false,
    prepare: false,
    step: false,
    keep: false,
    enter: false,
    end: false,
  });
});

test('all that can be asked for', () => {
  expect(parse('--list', '--step', '--keep', '--from', 'Deploy', '--transcript', 'x.md').options).toEqual({
    list: true,
    beyond: false,
    check: false,
    prepare: false,
    step: true,
    keep: true,
    enter: false,
    end: false,
    from: 'Deploy',
    transcript: { file: 'x.md', passedOnly: false },
  });
});

test('--write-docs means the page in docs', () => {
  expect(parse('--write-docs').options).toMatchObject({
    transcript: { file: expect.stringMatching(/\/docs\/walkthrough\.md$/), passedOnly: true },
  });
});

test.each([
  [['--form', '3'], /unknown option '--form'.*--from/s],
  [['all'], /too many arguments/],
  [['--kill-at', 'all'], /--list shows them/],
  [['--end', '--enter'], /cannot be used with/],
  [['--end', '--keep'], /cannot be used with/],
  [['--write-docs', '--transcript', 'x'], /cannot be used with/],
  [['--write-docs', '--beyond'], /cannot be used with/],
  [['--write-docs', '--from', '3'], /cannot be used with/],
])('%j is refused', (args, message) => {
  const { exitCode, printed } = parse(...args);
  expect(exitCode).toBe(1);
  expect(printed).toMatch(message);
});

test('--help names every option', () => {
  const { exitCode, printed } = parse('--help');
  expect(exitCode).toBe(0);
  for (const option of [
    '--list',
    '--step',
    '--keep',
    '--from',
    '--transcript',
    '--write-docs',
    '--enter',
    '--end',
    '--kill-at',
  ])
    expect(printed).toContain(option);
});

test.each([
  ['7', 7],
  ['Deploy', 26],
  ['setup the kaito', 9],
])('--from %s begins at step %i', (from, number) => {
  expect(stepNamed(steps, from)).toBe(number);
});

test.each(['0', '99', 'Nowhere', ''])('--from %j is refused', (from) => {
  expect(() => stepNamed(steps, from)).toThrow(expect.objectContaining({ code: 'NoSuchStep' }));
});
