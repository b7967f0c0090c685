import { expect, test } from 'vitest';
import { seedStory } from '../seed/seed.ts';
import { beyondStory } from './beyond.ts';

const seed = await seedStory();
const { steps } = await beyondStory();
const beyond = steps.slice(seed.steps.length);

test('the story of the seed comes first, as it is', () => {
  expect(steps.slice(0, seed.steps.length)).toEqual(seed.steps);
});

test('every chapter of the page, in its order', () => {
  expect([...new Set(beyond.map(({ chapter }) => chapter))]).toEqual([
    'The pool goes with its Workspace',
    'The same in six commands',
    'A second model beside the first',
    'An address of its own',
    'Behind an ingress controller',
    'An upgrade while it answers',
    'A machine dies',
    'One model over two machines',
  ]);
});

test('the requests run beside the upgrade, in a terminal of their own', () => {
  const requests = beyond.find(({ command }) => command.startsWith('while curl'))!;
  if (requests.manner.kind !== 'beside') throw new Error(requests.manner.kind);
  const { until } = requests.manner;
  const during = beyond.filter(({ number }) => number > requests.number && number <= until);
  expect(requests.terminal).not.toBe(during[0]!.terminal);
  expect(during.map(({ command }) => command.split(' ')[0])).toEqual([
    expect.stringMatching(/^POD=/),
    expect.stringMatching(/^CHART=/),
    'helm',
    'kubectl',
    'kubectl',
    'test',
  ]);
});
