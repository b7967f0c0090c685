import { spawnSync } from 'node:child_process';
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

it('removes what a killed build left, and images that nobody asked for in a week', async () => {
  const { pid } = spawnSync('true');
  for (const name of [`work-${pid}-x`, `work-${process.pid}-x`, 'app-old', 'app-used']) {
    await mkdir(join(root, name), { recursive: true });
  }
  const longAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  await utimes(join(root, 'app-old'), longAgo, longAgo);
  await stored('app', 'new', quiet, async (_, entry) => {
    await writeLayout(join(entry, 'layout'), { layer: 'new' });
  });
  expect((await readdir(root)).toSorted()).toEqual(['app-new', 'app-used', `work-${process.pid}-x`]);
});
