import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { locked } from './lock.ts';

let folder: string;
const lock = (): string => join(folder, 'lock');
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'kaito-lock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** More than the highest number that a process of Linux may have. */
const nobody = String(2 ** 22 + 1);

test('it is held while the work runs, and leaves nothing, also where the work fails', async () => {
  expect(
    await locked(
      lock(),
      () => {},
      async () => readdirSync(folder),
    ),
  ).toEqual(['lock']);
  await expect(
    locked(
      lock(),
      () => {},
      () => Promise.reject(new Error('no')),
    ),
  ).rejects.toThrow('no');
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['a dead process', () => writeFileSync(join(lock(), 'pid'), nobody)],
  ['a process that died before it said its name', () => {}],
])('the lock of %s is taken over', async (_, hold) => {
  mkdirSync(lock());
  hold();
  expect(
    await locked(
      lock(),
      () => {},
      () => Promise.resolve('mine'),
    ),
  ).toBe('mine');
  expect(readdirSync(folder)).toEqual([]);
});

test('one who waits says for whom, and goes on when the holder is done', async () => {
  mkdirSync(lock());
  writeFileSync(join(lock(), 'pid'), String(process.ppid));
  const said: string[] = [];
  const tell = (line: string): void => {
    said.push(line);
    rmSync(lock(), { recursive: true });
  };
  expect(await locked(lock(), tell, () => Promise.resolve('then'))).toBe('then');
  expect(said).toEqual([expect.stringContaining(`another process (${process.ppid}) is building in ${folder}`)]);
});

test('within one process too one comes after the other', async () => {
  let inside = 0;
  const work = async (): Promise<number> => {
    inside += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return inside--;
  };
  expect(await Promise.all([1, 2, 3].map(() => locked(lock(), () => {}, work)))).toEqual([1, 1, 1]);
  expect(readdirSync(folder)).toEqual([]);
});
