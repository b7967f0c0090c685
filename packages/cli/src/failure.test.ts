import type { Finding } from '@kaito/api';
import { expect, test } from 'vitest';
import { blocks, failure, place, usage } from './failure.ts';
import { styleFor } from './terminal/style.ts';

const finding = (over: Partial<Finding> = {}): Finding => ({
  code: 'Bad',
  severity: 'error',
  message: 'It is bad.',
  ...over,
});

test('a block says what, where and how to mend it', () => {
  const text = blocks(
    [finding({ file: 'a.yaml', line: 7, column: 3, path: 'resource.count', remedy: 'Make it good.' })],
    styleFor(false),
  );
  expect(text).toBe('error: It is bad. [Bad]\n  at  a.yaml:7:3 (resource.count)\n  fix Make it good.\n');
});

test('errors come first, notes last', () => {
  const text = blocks(
    [
      finding({ severity: 'info', message: 'i' }),
      finding({ severity: 'warning', message: 'w' }),
      finding({ message: 'e' }),
    ],
    styleFor(false),
  );
  expect(text.match(/^\w+/gm)).toEqual(['error', 'warning', 'note']);
});

test('text from elsewhere cannot steer the terminal', () => {
  const text = blocks([finding({ message: '\u001B[2Jgone', remedy: '\u001B]0;title\u0007x' })], styleFor(false));
  expect(text).toBe('error: gone [Bad]\n  fix x\n');
});

test('a place needs neither file nor path', () => {
  expect(place(finding())).toBeUndefined();
  expect(place(finding({ path: 'a' }))).toBe('a');
  expect(place(finding({ file: 'f' }))).toBe('f');
});

test('a wrong use exits with 2, a refusal with 1', () => {
  expect(usage('No.', 'Yes.').exit).toBe(2);
  expect(failure('Bad', 'No.').exit).toBe(1);
});
