import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openBuildah } from './session.ts';

let folder: string;
beforeEach(async ({ skip }) => {
  folder = await mkdtemp(join(tmpdir(), 'buildah-'));
  skip(process.getuid?.() !== 0, 'buildah is run as root');
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a command of a program in buildah's place, which notes each of its runs; resolves with what it printed and how often it ran. */
async function runs(script: string): Promise<readonly [string, number]> {
  const program = join(folder, 'usr/bin/buildah');
  await mkdir(join(folder, 'usr/bin'), { recursive: true });
  await mkdir(join(folder, 'work'));
  await writeFile(program, `#!/bin/sh\necho run >> '${folder}/runs'\n${script}\n`);
  await chmod(program, 0o755);
  const environment = { PATH: process.env['PATH']!, LD_LIBRARY_PATH: '' };
  const buildah = await openBuildah({ root: folder, environment }, join(folder, 'work'), []);
  const printed = await buildah('build').catch((error: Error) => error.message);
  return [printed, (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length];
}

const busy = 'Close_Fd sealing memfd copy: Device or resource busy';

it('a command that the kernel would not let start is run anew', async () => {
  const script = `[ $(wc -l < '${folder}/runs') = 3 ] && exec echo built; echo '${busy}' >&2; exit 1`;
  expect(await runs(script)).toEqual(['built\n', 3]);
});

it('what stays wrong, or is wrong otherwise, is told', async () => {
  expect(await runs(`echo '${busy}' >&2; exit 1`)).toEqual([expect.stringContaining(busy), 5]);
});

it('another failure is not tried again', async () => {
  expect(await runs('echo no such stage >&2; exit 1')).toEqual([expect.stringContaining('no such stage'), 1]);
});
