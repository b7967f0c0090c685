import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify, isAlive, ownIdentity, parseProcStat, terminate } from '../process/identity.ts';
import { lock, lockHolder, tryLock } from './lock.ts';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'kaito-lock-')), 'lock');
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

test('one of many gets it, the others when it is released', async () => {
  let inside = 0;
  let most = 0;
  const turns = Array.from({ length: 12 }, async () => {
    const held = await lock(directory);
    inside += 1;
    most = Math.max(most, inside);
    await Promise.resolve();
    inside -= 1;
    await held.release();
  });
  await Promise.all(turns);
  expect(most).toBe(1);
  expect(await lockHolder(directory)).toBeUndefined();
  expect(await readdir(directory)).toEqual(['12']);
});

test('is kept from others while its holder lives, and falls free when the holder was killed', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const holder = identify(child.pid!)!;
  await (await tryLock(directory))?.release();
  await writeFile(join(directory, '2'), JSON.stringify(holder));
  expect(await tryLock(directory)).toBeUndefined();
  expect(await lockHolder(directory)).toEqual(holder);
  await terminate(holder, 10_000);
  expect(isAlive(holder)).toBe(false);
  const mine = await tryLock(directory);
  expect(await lockHolder(directory)).toEqual(ownIdentity());
  await mine?.release();
});

test('a pid that now belongs to another process holds nothing', async () => {
  await (await tryLock(directory))?.release();
  await writeFile(join(directory, '9'), JSON.stringify({ pid: process.pid, start: 'an earlier life' }));
  expect(await lockHolder(directory)).toBeUndefined();
  expect(await tryLock(directory)).toBeDefined();
});

test('waiting for it ends with the signal', async () => {
  const held = await lock(directory);
  await expect(lock(directory, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  await held.release();
});

test('the start time is read behind a name with blanks and brackets', () => {
  const rest = ['S', ...Array.from({ length: 18 }, (_, index) => String(index)), '777', '0'].join(' ');
  expect(parseProcStat(`12 (a) b) ${rest}`)).toEqual({ state: 'S', startTicks: '777' });
  expect(parseProcStat('')).toBeUndefined();
});
