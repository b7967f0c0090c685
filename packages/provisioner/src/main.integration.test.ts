import { spawn } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { environment } from './testing/provisioner.ts';

const main = new URL('main.ts', import.meta.url).pathname;

async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, out, err };
}

test('--help is told without any setting', async () => {
  const { code, out, err } = await run(['--help'], {});
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('Usage: kaito-gpu-provisioner [options]');
});

test('W16: a missing setting is one line, also for kubectl describe pod', async () => {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'provisioner-')), 'termination-log');
  await writeFile(file, '');
  const { code, err } = await run([], { ...environment, AZURE_CLUSTER_NAME: '', TERMINATION_LOG: file });
  const words = 'AZURE_CLUSTER_NAME is not set: the name of the AKS cluster';
  expect([code, err]).toEqual([2, `kaito-gpu-provisioner: ${words}\n`]);
  expect(await readFile(file, 'utf8')).toBe(words);
});

test('W16: a token that is not there ends the process with the remedy', async () => {
  const { code, err } = await run([], { ...environment, AZURE_FEDERATED_TOKEN_FILE: '/none/such' });
  expect(code).toBe(1);
  expect(err).toMatch(
    /^kaito-gpu-provisioner: the service-account token \/none\/such cannot be read \(ENOENT\)\. Remedy: project a service-account token .*\n$/,
  );
});
