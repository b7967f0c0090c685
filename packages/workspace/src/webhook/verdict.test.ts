import type { Finding } from '@kaito/api';
import { expect, test } from 'vitest';
import { verdictOf } from './verdict.ts';

const finding = (fields: Partial<Finding> = {}): Finding => ({
  code: 'InvalidValue',
  severity: 'error',
  path: 'resource.count',
  message: 'It is 0.',
  remedy: 'Write 1.',
  ...fields,
});

test('nothing wrong is allowed without a word', () => {
  expect(verdictOf([])).toEqual({ allowed: true, warnings: [] });
  expect(verdictOf([finding({ severity: 'info' })])).toEqual({ allowed: true, warnings: [] });
});

test('each error is a line of path, message and remedy', () => {
  const errors = [
    finding(),
    finding({ path: 'inference', message: 'inference is missing.' }),
    finding({ path: '', message: 'Odd.' }),
  ];
  expect(verdictOf([...errors, finding({ severity: 'warning', message: 'Unwise.' })])).toEqual({
    allowed: false,
    code: 400,
    reason: 'BadRequest',
    message: 'validation failed: resource.count: It is 0. Write 1.\ninference is missing. Write 1.\nOdd. Write 1.',
    causes: [
      { reason: 'InvalidValue', message: 'It is 0.', field: 'resource.count' },
      { reason: 'InvalidValue', message: 'inference is missing.', field: 'inference' },
      { reason: 'InvalidValue', message: 'Odd.', field: '' },
    ],
    warnings: ['resource.count: Unwise. Write 1.'],
  });
});

test('a fault found twice is told once', () => {
  expect(verdictOf([finding(), finding({ code: 'Other' })]).causes).toHaveLength(1);
});

test('values with line breaks stay on their line', () => {
  expect(verdictOf([finding({ message: 'It is "a\nb\tc".' })]).message).toBe(
    'validation failed: resource.count: It is "a b c". Write 1.',
  );
});

function many(severity: Finding['severity']): Finding[] {
  return Array.from({ length: 25 }, (_, index) => finding({ severity, message: `Fault ${index}.` }));
}

test('tells twenty errors and ten warnings at most', () => {
  const { message, causes, warnings } = verdictOf([...many('error'), ...many('warning')]);
  expect(message!.split('\n')).toHaveLength(21);
  expect(message!.split('\n').at(-1)).toBe('… and 5 more.');
  expect(causes).toHaveLength(20);
  expect(warnings).toHaveLength(10);
  expect(warnings!.at(-1)).toBe('… and 16 more warnings.');
});

test('a warning has 256 characters at most, and none is cut in half', () => {
  const [warning] = verdictOf([finding({ severity: 'warning', message: '🙂'.repeat(300) })]).warnings!;
  expect([...warning!]).toHaveLength(256);
  expect(warning!.endsWith('🙂…')).toBe(true);
});
