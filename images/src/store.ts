import { existsSync, readlinkSync } from 'node:fs';
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
      const work = await mkdtemp(join(root, `work-${processes()}-${process.pid}-`));
      try {
        const unfinished = join(work, 'entry');
        await mkdir(unfinished);
        await fill(work, unfinished);
        await rename(unfinished, entry).catch((error: unknown) => {
          // A lock does not hold where its holder cannot be seen; then another process was quicker.
          if (!existsSync(entry)) throw error;
        });
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    });
  }
  const now = new Date();
  await utimes(entry, now, now);
  return entry;
}

/** Which processes can be seen from here: the number of this process' PID namespace. */
function processes(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
}

/** Removes what ended processes left, and what was not used for long. */
async function removeOld(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    const [, seen, pid] = /^work-(\d+)-(\d+)-/.exec(name) ?? [];
    const used = (await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity;
    const dead = seen === processes() && !existsSync(`/proc/${pid}`);
    if (dead || used < Date.now() - keptMs) await rm(path, { recursive: true, force: true });
  }
}
