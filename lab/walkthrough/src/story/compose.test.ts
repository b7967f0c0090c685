import { expect, test } from 'vitest';
import type { Chapter } from './chapters.ts';
import { type Guide, composeSteps, usualLimit } from './compose.ts';

const page: Chapter[] = [
  { title: 'One', opening: 'First.', blocks: ['look\nimport', 'NAME=other\nattach'] },
  { title: 'Two', opening: '', blocks: ['# again\nlook'] },
];
const sight = { what: 'anything', seen: () => true };
const guide = (some: Partial<Guide>): Guide => ({ entries: [], blocks: [], inspections: [], waits: {}, ...some });

test('commands are numbered over all chapters and run once to their end where nothing else is said', () => {
  expect(composeSteps(page, guide({})).map(({ number, command, terminal }) => [number, command, terminal])).toEqual([
    [1, 'look', '1'],
    [2, 'import', '1'],
    [3, 'NAME=other', '1'],
    [4, 'attach', '1'],
    [5, 'look', '1'],
  ]);
  expect(composeSteps(page, guide({}), 40).at(-1)).toEqual({
    number: 44,
    chapter: 'Two',
    opening: '',
    terminal: '1',
    command: 'look',
    comment: 'again',
    added: false,
    manner: { kind: 'once', limit: usualLimit },
  });
});

test('equal commands are told apart by their occurrence', () => {
  const steps = composeSteps(
    page,
    guide({
      entries: [
        { command: 'look', occurrence: 1, does: 'fails' },
        { command: 'look', occurrence: 2, does: 'works' },
      ],
    }),
  );
  expect(steps.filter(({ command }) => command === 'look').map(({ does }) => does)).toEqual(['fails', 'works']);
});

test('a block in a terminal of its own, a check after a step, and a step beside others up to one of them', () => {
  const steps = composeSteps(
    page,
    guide({
      blocks: [{ line: 'NAME=other', terminal: '2' }],
      entries: [
        { command: 'import', manner: { kind: 'beside', until: 'attach', end: 'await', limit: 9 } },
        {
          command: 'NAME',
          check: { command: 'echo $NAME', does: 'is it?', manner: { kind: 'once', sight, limit: 1 } },
        },
      ],
    }),
  );
  expect(steps.map(({ command, terminal, added }) => [command, terminal, added])).toEqual([
    ['look', '1', false],
    ['import', '1', false],
    ['NAME=other', '2', false],
    ['echo $NAME', '2', true],
    ['attach', '2', false],
    ['look', '1', false],
  ]);
  expect(steps[1]!.manner).toEqual({ kind: 'beside', until: 5, end: 'await', limit: 9 });
});

test.each<[string, Partial<Guide>]>([
  ['a command', { entries: [{ command: 'gone' }] }],
  ['an occurrence', { entries: [{ command: 'look' }, { command: 'look', occurrence: 3 }] }],
  ['a block', { blocks: [{ line: 'NAME=', terminal: '2' }] }],
  [
    'the end of one beside others',
    { entries: [{ command: 'attach', manner: { kind: 'beside', until: 'import', end: 'await', limit: 1 } }] },
  ],
])('a guide that speaks of %s that the page does not have is refused', (_, some) => {
  expect(() => composeSteps(page, guide(some))).toThrow(expect.objectContaining({ code: 'GuideDiffers' }));
});
