import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { systemClock } from '@kaito/kube';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WalkthroughError } from '../error.ts';
import { readChapters } from '../story/chapters.ts';
import { type Entry, type Guide, composeSteps } from '../story/compose.ts';
import type { Sight } from '../story/step.ts';
import type { Outcome } from './result.ts';
import { type WalkthroughOptions, runWalkthrough } from './walkthrough.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'walkthrough-'));
  mkdirSync(join(directory, 'home'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const shows = (pattern: RegExp): Sight => ({ what: String(pattern), seen: (text) => pattern.test(text) });
const limit = 60;

/** Tells a page of one chapter whose blocks are given; resolves with its outcome and what was printed. */
async function tell(
  blocks: readonly string[],
  guide: Partial<Guide> & { entries?: readonly Entry[] } = {},
  options: Partial<WalkthroughOptions> = {},
): Promise<Outcome & { printed: string; page: string }> {
  const markdown = `## Chapter\n\n${blocks.map((block) => `\`\`\`bash\n${block}\n\`\`\``).join('\n\n')}\n`;
  const steps = composeSteps(readChapters(markdown), { entries: [], blocks: [], inspections: [], waits: {}, ...guide });
  let printed = '';
  const outcome = await runWalkthrough({
    environment: {
      directory,
      variables: { PATH: process.env['PATH']!, TERM: 'xterm-256color', LANG: 'C.UTF-8', HOME: join(directory, 'home') },
      versions: { bash: '5' },
    },
    story: { title: 'Story', about: 'About.', steps, inspections: guide.inspections ?? [], waits: {} },
    output: sink((text) => (printed += text)),
    signal: new AbortController().signal,
    clock: systemClock,
    ...options,
  });
  return { ...outcome, printed, page: readFileSync(outcome.transcript, 'utf8') };
}

function sink(write: (text: string) => void): NodeJS.WritableStream {
  const stream = new PassThrough().setEncoding('utf8');
  stream.on('data', write);
  return stream;
}

test('a story to its end: variables, a mistake, one that runs beside, one that is watched, and a check', async () => {
  const told = await tell(
    [
      'NAME=right\nexport COMPUTED=$(echo "from $NAME")',
      'until [ -e mended ]; do sleep 0.1; done; echo imported',
      'NAME=wrong\ntest $NAME = right && touch mended',
      'touch log\ntail -f log\necho "a line" >>log\nwatch -n 1 cat log\necho "$NAME, $COMPUTED"',
    ],
    {
      blocks: [{ line: 'NAME=wrong', terminal: '2' }],
      entries: [
        { command: 'until', manner: { kind: 'beside', until: 'test', end: 'await', sight: shows(/imported/), limit } },
        {
          command: 'test',
          manner: { kind: 'mistaken', sight: shows(/^$/), explanation: 'It is right.', mend: 'NAME=right', limit },
        },
        {
          command: 'tail',
          terminal: '3',
          manner: { kind: 'beside', until: 'watch', end: 'interrupt', sight: shows(/a line/), limit },
        },
        {
          command: 'watch',
          does: 'The line is there.',
          manner: {
            kind: 'watched',
            title: 'It has come',
            sight: shows(/a line/),
            before: [{ title: 'Never', sight: shows(/no such line/) }],
            limit,
          },
          check: { command: 'wc -l <log', does: 'It is one.', manner: { kind: 'once', sight: shows(/^1$/), limit } },
        },
      ],
    },
  );
  expect(told.failure).toBeUndefined();
  expect(told.status).toBe('passed');
  expect(
    told.results.map(({ step, runs }) => [step.number, ...runs.map(({ output, value }) => value ?? output)]),
  ).toEqual([
    [1, ''],
    [2, 'from right'],
    [3, 'imported'],
    [4, ''],
    [5, '', '', ''],
    [6, ''],
    [7, 'a line\n^C'],
    [8, ''],
    [9, ''],
    [10, '1'],
    [11, 'right, from right'],
  ]);
  expect(told.printed).toMatch(
    /\(terminal 2\)\n 4 \$ NAME=wrong\n[^]*It is right\.\n\n 5 \$ NAME=right {3}# added[^]* 5 \$ test [^]*\[terminal 1\] imported[^]*┌ It has come\n {3}│ Every 1\.0s: cat log/,
  );
  expect(told.page).toMatch(/It has come:\n\n```text\nEvery 1\.0s: cat log +.*\n\na line\n```/);
});

test('a command that fails ends it: what was seen, the state of things, and nothing of what follows', async () => {
  const told = await tell(['A=1\nls /nowhere\ntouch after'], { inspections: ['echo "the state"', 'false'] });
  expect(told.status).toBe('failed');
  expect(told.failure).toMatchObject({
    step: { number: 2, command: 'ls /nowhere' },
    expected: 'exit status 0',
    seen: expect.stringMatching(/^exit status 2\nls: .*No such file/),
    state: [{ command: 'echo "the state"', output: 'the state' }],
  });
  expect(told.printed).toMatch(/✗ Step 2: ls \/nowhere\n {3}expected: exit status 0\n[^]*No such file[^]*the state/);
  expect(existsSync(join(directory, 'home/after'))).toBe(false);
});

const endless: Entry = {
  command: 'endless',
  manner: { kind: 'watched', title: 'x', sight: shows(/never/), before: [], limit },
};
test.each<[string, string, Entry[], object]>([
  [
    'is not what was looked for',
    'echo other',
    [{ command: 'echo', manner: { kind: 'once', sight: shows(/one/), limit } }],
    { expected: '/one/', seen: 'other' },
  ],
  [
    'is not there in time',
    'echo other',
    [{ command: 'echo', manner: { kind: 'repeated', sight: shows(/one/), limit: 1 } }],
    { expected: '/one/ within 1 s', seen: 'other' },
  ],
  [
    'does not end',
    'echo here; sleep 1000',
    [{ command: 'echo', manner: { kind: 'once', limit: 1 } }],
    { expected: 'it to end within 1 s', seen: 'here' },
  ],
  ['has no value', 'A=$(true)', [], { expected: 'A to have a value', seen: '' }],
  [
    'should be endless and ends',
    'endless() { echo gone; }; endless',
    [endless],
    { seen: expect.stringContaining('exit status 0\ngone') },
  ],
  [
    'should go on beside the others and ends',
    'echo gone\nsleep 1',
    [{ command: 'echo', terminal: '2', manner: { kind: 'beside', until: 'sleep', end: 'interrupt', limit } }],
    { expected: 'it to go on until Ctrl-C', seen: expect.stringContaining('gone') },
  ],
  ['takes the shell with it', 'exit 0', [], { expected: 'the shell to go on', seen: 'the terminal has ended' }],
  [
    'should fail and works',
    'true',
    [{ command: 'true', manner: { kind: 'mistaken', sight: shows(/no/), explanation: '', mend: 'A=1', limit } }],
    { expected: 'it to fail with /no/' },
  ],
])('what %s ends it', async (_, block, entries, failure) => {
  expect(await tell([block], { entries })).toMatchObject({ status: 'failed', failure });
});

test('a page of the docs is written when all of it passed, another file in any case', async () => {
  const file = join(directory, 'page.md');
  const failed = await tell(['false'], {}, { transcript: { file, passedOnly: true } });
  expect(failed.transcript).toBe(join(directory, 'transcript.md'));
  expect(existsSync(file)).toBe(false);
  const written = await tell(['true'], {}, { transcript: { file, passedOnly: true } });
  expect(written.transcript).toBe(file);
  expect(written.page).toContain('$ true');
  expect((await tell(['false'], {}, { transcript: { file, passedOnly: false } })).page).toContain('$ false');
});

test('a look is repeated until it shows what is looked for, and only the last is told', async () => {
  const command = 'echo x >>looks; wc -l <looks';
  const told = await tell([command], {
    entries: [{ command, manner: { kind: 'repeated', sight: shows(/^2$/), limit } }],
  });
  expect(told.results[0]!.runs.map(({ output }) => output)).toEqual(['2']);
  expect(told.printed).not.toMatch(/^ {3}1$/m);
});

test('step by step: a person skips, tries something, ends it, and leaves', async () => {
  const answers = new PassThrough();
  const typed = ['', 's', '!A=2; echo trying', '!echo endless; sleep 1000', '', 'q'];
  let printed = '';
  const output = sink((text) => {
    printed += text;
    if (text.includes('Enter: run it')) answers.write(`${typed.shift()}\n`);
    // The line that ends what was tried.
    else if (/^ +endless$/m.test(text)) answers.write('\n');
  });
  const told = await tell(['A=1\ntouch skipped\necho $A\ntouch left'], {}, { answers, output });
  expect(told.status).toBe('quit');
  expect(told.results.map(({ runs }) => runs[0]!.output)).toEqual(['', '2']);
  expect(printed).toMatch(/ trying\n {3}exit status 0\n/);
  expect(printed).toMatch(/exit status 130\n/);
  expect(existsSync(join(directory, 'home/skipped'))).toBe(false);
  expect(existsSync(join(directory, 'home/left'))).toBe(false);
});

test('the end of the answers is the end of the story', async () => {
  const answers = new PassThrough();
  answers.end();
  expect(await tell(['touch left'], {}, { answers })).toMatchObject({ status: 'quit', results: [] });
  expect(existsSync(join(directory, 'home/left'))).toBe(false);
});

test('in a kept environment it goes on: what was done is not done again, its variables are there', async () => {
  const before = 'A=$(echo 1)\necho once >>log\n';
  const failed = await tell([`${before}false`]);
  expect(failed.failure?.step.number).toBe(3);
  const told = await tell([`${before}echo "$A $(cat log)"`], {}, { from: 3 });
  expect(told.results.map(({ runs }) => runs[0]!.output)).toEqual(['1 once']);
});

test('a start anew forgets what was done before', async () => {
  await tell(['A=1\nB=2']);
  await tell(['exit 0\nB=2']);
  await expect(tell(['A=1\nB=2\necho'], {}, { from: 3 })).rejects.toThrow(
    expect.objectContaining({ code: 'NothingKept' }),
  );
});

test.each([
  ['nothing was kept', undefined, 'NothingKept'],
  ['an earlier step was not done', 'A=1', 'StepNotDone'],
])('going on where %s is refused', async (_, before, code) => {
  if (before !== undefined) await tell([before]);
  await expect(tell(['A=1\nB=2\necho $A'], {}, { from: 3 })).rejects.toThrow(
    expect.objectContaining({ code, name: WalkthroughError.name }),
  );
});

test('an interruption ends everything that runs, and says so', async () => {
  const interruption = new AbortController();
  const told = await tell(
    ['echo $$ >one; sleep 1000\necho $$ >two; while true; do [ -e one ] && echo "both run"; sleep 1; done'],
    {
      entries: [
        {
          command: 'echo $$ >one',
          terminal: '2',
          manner: { kind: 'beside', until: 'echo $$ >two', end: 'interrupt', limit },
        },
      ],
    },
    { signal: interruption.signal, output: sink((text) => void (/^ +both run$/m.test(text) && interruption.abort())) },
  );
  expect(told).toMatchObject({ status: 'interrupted', results: [] });
  expect(told.page).toContain('It was interrupted after');
  for (const file of ['one', 'two']) {
    const pid = Number(readFileSync(join(directory, 'home', file), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  }
});
