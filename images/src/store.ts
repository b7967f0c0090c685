import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Progress, cacheRoot } from '../../lab/kubernetes/src/go-programs.ts';
import { locked } from '../../lab/kubernetes/src/lock.ts';
import { type BuiltImage, readLayout } from './layout.ts';

/** How long an image stays that nobody asked for. */
const keptMs = 7 * 24 * 3600 * 1000;

/** The folder of built images: one folder each, by name and a digest of all that went into it. */
function storeRoot(): string {
  return join(cacheRoot(), 'images');
}

/**
 * The image of a key, built where it is not there yet, as `keep` does: `build` fills `layout`, an OCI image layout, and whatever is to lie beside it.
 */
export async function stored(name: string, key: string, progress: Progress, build: Fill): Promise<BuiltImage> {
  return await readLayout(name, join(await keep(name, key, progress, build), 'layout'));
}

/** Fills `entry`. `work` is an empty folder to work in, on the same file system, which is removed afterwards. */
export type Fill = (work: string, entry: string) => Promise<void>;

/** The folder of a key, filled on first use; removed when it was not used for a week. Safe to call from several processes at once. */
export async function keep(name: string, key: string, progress: Progress, fill: Fill): Promise<string> {
  const root = storeRoot();
  const entry = join(root, `${name}-${key}`);
  if (!existsSync(entry)) {
    await mkdir(root, { recursive: true });
    await locked(`${entry}.lock`, progress, async () => {
      if (existsSync(entry)) return;
      await removeOld(root);
      const work = await mkdtemp(join(root, `work-${process.pid}-`));
      try {
        const unfinished = join(work, 'entry');
        await mkdir(unfinished);
        await fill(work, unfinished);
        await rename(unfinished, entry);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    });
  }
  const now = new Date();
  await utimes(entry, now, now);
  return entry;
}

/** Removes what ended processes left, and images that were not used for long. */
async function removeOld(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = /^work-(\d+)-/.exec(name)?.[1];
    const path = join(root, name);
    const dead = pid !== undefined && !existsSync(`/proc/${pid}`);
    const used = (await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity;
    const old = pid === undefined && used < Date.now() - keptMs;
    if (dead || old) await rm(path, { recursive: true, force: true });
  }
}
