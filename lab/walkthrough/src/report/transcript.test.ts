import { expect, test } from 'vitest';
import type { Outcome, Run, StepResult } from '../run/result.ts';
import type { Story } from '../story/story.ts';
import type { Step } from '../story/step.ts';
import { transcript } from './transcript.ts';

const story: Story = {
  title: 'A story',
  about: 'About it.',
  steps: [],
  inspections: [],
  waits: { One: '10 minutes' },
};

let last = 0;
function result(command: string, run: Partial<Run> = {}, step: Partial<Step> = {}): StepResult {
  last += 1;
  return {
    step: {
      number: last,
      chapter: 'One',
      opening: '',
      terminal: '1',
      command,
      comment: '',
      added: false,
      manner: { kind: 'once', limit: 1 },
      ...step,
    },
    runs: [{ command, added: false, output: '', status: 0, seconds: 2, screens: [], ...run }],
    began: last,
    ended: last + 2,
  };
}

function told(results: StepResult[], more: Partial<Outcome> = {}): string {
  const outcome: Outcome = { status: 'passed', results, seconds: 75, transcript: 'x', ...more };
  return transcript(story, { az: '2.80.0', kubectl: 'v1.34.2' }, outcome);
}

test('says what it is, on which machine, how long it took, and where the time went', () => {
  const page = told([result('ls'), result('a | b', {}, { chapter: 'Two' })]);
  expect(page).toMatch(
    /^# A story\n\nAbout it\.\n\nMachine: \d+ cores \(.+\), \d+ GiB of memory; az 2\.80\.0; kubectl v1\.34\.2\.\n\nAll of it took 1 min 15 s: 2 commands of the page\./,
  );
  expect(page).toContain('| One | 2.0 | `ls`, 2.0 | 10 minutes |');
  expect(page).toContain(String.raw`| Two | 2.0 | ${'`a \\| b`'}, 2.0 |  |`);
});

test('what went on beside others until they had ended is not where the time went', () => {
  const manner = { kind: 'beside', until: 2, end: 'interrupt', limit: 1 } as const;
  const logs = result('logs -f', {}, { manner });
  const page = told([{ ...logs, ended: logs.began + 60 }, result('watch x')]);
  expect(page).toContain('| One | 60.0 | `watch x`, 2.0 | 10 minutes |');
});

test('a command with its comment, output, time, and what it did', () => {
  const page = told([result('ls -l', { output: 'a\nb  ' }, { comment: 'look\nwell', does: 'It looks.' })]);
  expect(page).toContain('## One\n\n```console\n# look\n# well\n$ ls -l\na\nb\n```\n\n*2.0 s.* It looks.');
});

test('settings that follow each other are one block', () => {
  const page = told([
    result('A=1', {}, { comment: 'Set' }),
    result('B=2'),
    result('C=$(x)', { value: '3' }),
    result('A=4', {}, { terminal: '2' }),
    result('B=5', {}, { terminal: '2' }),
  ]);
  expect(page).toContain(
    '```console\n# Set\n$ A=1\n$ B=2\n```\n\n```console\n$ C=$(x)\n# its value: 3\n```\n\n*2.0 s.*\n\nIn terminal 2:\n\n```console\n$ A=4\n$ B=5\n```\n',
  );
  expect(page.split('$ A=4')).toHaveLength(2);
});

test('a long output is cut in the middle, a fence in it does not end the block, and a token is not told', () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  const page = told([
    result('long', { output: lines.join('\n') }),
    result('fence', { output: '```\neyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln' }),
  ]);
  expect(page).toContain('line 29\n… 40 lines more …\nline 70');
  expect(page).toContain('````console\n$ fence\n```\n<token>\n````');
});

test('a mistake of the page is explained between its two runs', () => {
  const manner = {
    kind: 'mistaken',
    explanation: 'It is named so.',
    mend: 'N=1',
    limit: 1,
    sight: { what: '', seen: () => true },
  } as const;
  const mistaken = result('run $N', { output: 'none', status: 3 }, { manner });
  const [failed] = mistaken.runs;
  const runs = [
    failed!,
    { ...failed!, command: 'N=1', added: true, output: '', status: 0 },
    { ...failed!, output: 'fine', status: 0 },
  ];
  expect(told([{ ...mistaken, runs }])).toContain(
    '```console\n$ run $N\nnone\n# exit status 3\n```\n\nIt is named so. Typed by the walkthrough:\n\n```console\n$ N=1\n```\n\n```console\n$ run $N\nfine\n```\n',
  );
});

test('screens of an endless program, and the end by Ctrl-C is no failure', () => {
  const page = told([
    result('watch x', {
      status: 1,
      screens: [
        { title: 'First', text: 'a' },
        { title: 'Ready', text: 'b' },
      ],
    }),
  ]);
  expect(page).toContain('```console\n$ watch x\n```\n\nFirst:\n\n```text\na\n```\n\nReady:\n\n```text\nb\n```\n');
});

test('a failure says what was expected, what was seen, and the state of things', () => {
  const { step } = result('kubectl apply -f x');
  const page = told([], {
    status: 'failed',
    failure: {
      step,
      expected: 'it to work',
      seen: 'exit status 1',
      state: [{ command: 'kubectl get pods', output: 'none' }],
    },
  });
  expect(page).toContain('It failed after 1 min 15 s: 0 commands of the page.');
  expect(page).toContain(
    'Expected: it to work. Seen:\n\n```text\nexit status 1\n```\n\n```console\n$ kubectl get pods\nnone\n```\n',
  );
});
