import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildProgram } from '../program/program.ts';
import { recording } from '../terminal/recording.ts';
import { candidatesFor } from './complete.ts';

const program = buildProgram(
  {
    terminal: recording(),
    now: () => 0,
    interruptible: () => ({ signal: new AbortController().signal, release: () => {} }),
  },
  () => {},
);
const values = async (...words: string[]) => (await candidatesFor(program, words)).candidates.map(({ value }) => value);

test('commands', async () => {
  expect(await values('')).toEqual(expect.arrayContaining(['up', 'down', 'plan', 'help']));
  expect(await values('')).not.toContain('__complete');
  expect(await values('de')).toEqual(['describe']);
  expect(await values('help', 'de')).toEqual(['describe']);
});

test('flags, and the values that flags can have', async () => {
  expect(await values('get', '--w')).toEqual(['--watch']);
  expect(await values('get', '-o', '')).toEqual(['wide', 'json', 'yaml', 'name']);
  expect(await values('get', '--output', 'w')).toEqual(['wide']);
  expect(await values('get', '--output=j')).toEqual(['--output=json']);
  expect(await values('up', '--con')).toEqual(['--context-length', '--context']);
});

test('commands below commands, and their flags', async () => {
  expect(await values('azure', '')).toEqual(['setup', 'doctor', 'teardown']);
  expect(await values('azure', 'setup', '--take')).toEqual(['--take-over']);
  expect(await values('azure', 'doctor', '--machine', 'Standard_NC64as')).toEqual(['Standard_NC64as_T4_v3']);
  expect((await candidatesFor(program, ['azure', 'setup', '--values', ''])).files).toBe(true);
});

test('presets, machines and shells', async () => {
  expect(await values('up', 'smollm2-135')).toEqual(['smollm2-135m-instruct']);
  expect(await values('up', '--quantised', 'smollm2-135')).toEqual(['smollm2-135m-instruct']);
  expect(await values('machines', 'Standard_NC64as')).toEqual(['Standard_NC64as_T4_v3']);
  expect(await values('completion', 'z')).toEqual(['zsh']);
  expect(await values('up', 'smollm2-135m-instruct', '')).toEqual([]);
});

test('commands below commands, beside the names that may stand there', async () => {
  expect(await values('image', '')).toEqual(['copy', 'inspect', 'list']);
  expect(await values('image', 'copy', '--pl')).toEqual(['--platform', '--plain-http']);
  expect(await values('models', 'pu')).toEqual(['push']);
  expect(await values('models', 'push', 'smollm2-135')).toEqual(['smollm2-135m-instruct']);
  expect(await values('models', 'push', '-o', '')).toEqual(['json', 'yaml']);
  expect(await values('models', 'smollm2-135m-instruct', 'pu')).toEqual([]);
});

test('files are left to the shell', async () => {
  expect(await candidatesFor(program, ['up', '-f', ''])).toEqual({ candidates: [], files: true });
  expect((await candidatesFor(program, ['validate', 'a.yaml', ''])).files).toBe(true);
});

test('contexts of the kubeconfig; nothing of a cluster that does not answer', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'complete-'));
  const kubeconfig = join(directory, 'config');
  const cluster = { server: 'https://127.0.0.1:1' };
  const file = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: ['prod', 'test'].map((name) => ({ name, context: { cluster: 'c', user: 'u' } })),
    'current-context': 'prod',
  };
  writeFileSync(kubeconfig, JSON.stringify(file), { mode: 0o600 });
  const there = async (...words: string[]) =>
    (await candidatesFor(program, words, { KUBECONFIG: kubeconfig })).candidates.map(({ value }) => value);
  expect(await there('describe', '--context', '')).toEqual(['prod', 'test']);
  expect(await there('describe', '--context=t')).toEqual(['--context=test']);
  expect(await there('use', '')).toEqual(['local', 'cluster', 'prod', 'test']);
  expect(await there('describe', '--cluster', '')).toEqual([]);
  expect(await values('describe', '--kubeconfig', kubeconfig, '--context', '')).toEqual(['prod', 'test']);
  expect(await values('describe', '--context', '')).toEqual([]);
  rmSync(directory, { recursive: true });
});
