import { expect, test } from 'vitest';
import { withCommandName, withFlags } from './command-name.ts';

test('commands in a remedy name the cluster again', () => {
  expect(withFlags('follow it: kaito get demo -n team --watch', ' --context prod')).toBe(
    'follow it: kaito get demo -n team --watch --context prod',
  );
  expect(withFlags('wait, or see kaito logs demo.', ' --cluster')).toBe('wait, or see kaito logs demo --cluster.');
});

test('as a plugin the command is called kubectl kaito, once', () => {
  const env = { KAITO_COMMAND: 'kubectl kaito' };
  expect(withCommandName('kaito up x', env)).toBe('kubectl kaito up x');
  expect(withCommandName('kubectl kaito up x', env)).toBe('kubectl kaito up x');
  expect(withCommandName('kaito up x', {})).toBe('kaito up x');
});
