import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { stored } from './store.ts';
import { writeLayout } from './testing/layouts.ts';

let cache: string;
let root: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'store-'));
  root = join(cache, 'kaito/images');
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

const quiet = (): void => {};

it('builds once for all who ask at the same time, and leaves nothing but the image', async () => {
  let builds = 0;
  const ask = () =>
    stored('app', 'key', quiet, async (_, entry) => {
      builds += 1;
      await writeLayout(join(entry, 'layout'), { layer: 'once' });
    });
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(await ask()).toEqual(first);
  expect(second).toEqual(first);
  expect(builds).toBe(1);
  expect(await readdir(root)).toEqual(['app-key']);
});

it('a build that fails leaves nothing, and the next one is made anew', async () => {
  const failing = stored('app', 'key', quiet, async (work) => {
    await mkdir(join(work, 'half'));
    throw new Error('the builder says no');
  });
  await expect(failing).rejects.toThrow('the builder says no');
  expect(await readdir(root)).toEqual([]);
  const image = await stored('app', 'key', quiet, async (_, entry) => {
    await writeLayout(join(entry, 'layout'), { layer: 'again' });
  });
  expect(image.layout).toBe(join(root, 'app-key/layout'));
});

it('removes what a killed build left, and what nobody asked for in a week, but nothing of processes that it cannot see', async () => {
  const [seen] = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))!;
  const { pid } = spawnSync('true');
  const kept = ['app-used', `work-${seen}-${process.pid}-x`, `work-1-${pid}-x`];
  for (const name of [...kept, `work-${seen}-${pid}-x`, 'app-old', `work-1-${pid}-old`]) {
    await mkdir(join(root, name), { recursive: true });
  }
  const longAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  for (const name of ['app-old', `work-1-${pid}-old`]) await utimes(join(root, name), longAgo, longAgo);
  await stored('app', 'new', quiet, async (_, entry) => {
    await writeLayout(join(entry, 'layout'), { layer: 'new' });
  });
  expect((await readdir(root)).toSorted()).toEqual([...kept, 'app-new'].toSorted());
});

it('where another process was quicker in spite of the lock, its image is taken', async () => {
  const image = await stored('app', 'key', quiet, async (_, entry) => {
    for (const folder of [join(root, 'app-key'), entry])
      await writeLayout(join(folder, 'layout'), { layer: 'the same' });
  });
  expect(image.layout).toBe(join(root, 'app-key/layout'));
  expect(await readdir(root)).toEqual(['app-key']);
});
