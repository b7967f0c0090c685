import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobRecord, type NameRecord, readJson, type WeightsCache } from './cache.ts';
import { isLocked } from './lock.ts';

/** One file of the cache, as `list` shows it. */
export interface CachedFile {
  readonly digest: string;
  readonly bytes: number;
  readonly path: string;
  readonly names: readonly string[];
  /** When it was last asked for. */
  readonly usedAt: Date;
}

/** Every file in the cache, by digest. */
export async function listCache(cache: WeightsCache): Promise<CachedFile[]> {
  const names = await readNames(cache);
  const files: CachedFile[] = [];
  for (const algorithm of ['sha256', 'sha512']) {
    for (const hex of await entries(join(cache.root, algorithm))) {
      const digest = `${algorithm}:${hex}`;
      const path = cache.blobPath(digest);
      const [info, record] = await Promise.all([
        stat(path).catch(() => undefined),
        stat(cache.recordPath(digest)).catch(() => undefined),
      ]);
      if (info === undefined) continue;
      files.push({
        digest,
        bytes: info.size,
        path,
        names: names.filter((name) => name.digest === digest).map(({ name }) => name),
        usedAt: (record ?? info).mtime,
      });
    }
  }
  return files;
}

/** One file's verdict: `damaged` means other content, or another size than when it was fetched. */
export interface Verdict extends CachedFile {
  readonly state: 'sound' | 'damaged';
}

/** Reads every file of the cache whole and compares it with its digest. */
export async function verifyCache(
  cache: WeightsCache,
  options: {
    readonly onBytes?: (file: CachedFile, doneBytes: number) => void;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const file of await listCache(cache)) {
    const record = await readJson<BlobRecord>(cache.recordPath(file.digest));
    const sound =
      (record === undefined || record.bytes === file.bytes) &&
      (await cache.verify(file.digest, { onBytes: (done) => options.onBytes?.(file, done), signal: options.signal }));
    verdicts.push({ ...file, state: sound ? 'sound' : 'damaged' });
  }
  return verdicts;
}

export interface PruneOptions {
  /** Remove files not asked for since then. */
  readonly unusedSince: Date;
  readonly dryRun?: boolean;
}

export interface Pruned {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Removes files that were not asked for since a date, with their names, and what unfinished fetches and dead processes left before it. While a fetch is under way no unfinished
 * file is touched.
 */
export async function pruneCache(cache: WeightsCache, options: PruneOptions): Promise<Pruned[]> {
  const pruned: Pruned[] = [];
  const remove = async (path: string, bytes: number) => {
    pruned.push({ path, bytes });
    if (options.dryRun !== true) await rm(path, { recursive: true, force: true });
  };
  for (const file of await listCache(cache)) {
    if (file.usedAt >= options.unusedSince) continue;
    await remove(file.path, file.bytes);
    if (options.dryRun === true) continue;
    await rm(cache.recordPath(file.digest), { force: true });
    for (const name of file.names) await rm(cache.namePath(name), { force: true });
  }
  const locks = join(cache.root, 'locks');
  let busy = false;
  for (const name of await entries(locks)) {
    const path = join(locks, name);
    if (await isLocked(path)) busy = true;
    else await remove(path, 0);
  }
  if (busy) return pruned;
  for (const name of await entries(join(cache.root, 'partial'))) {
    const path = cache.partialPath(name);
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined && info.mtime < options.unusedSince) await remove(path, info.isFile() ? info.size : 0);
  }
  return pruned;
}

async function readNames(cache: WeightsCache): Promise<NameRecord[]> {
  const directory = join(cache.root, 'names');
  const found = await Promise.all(
    (await entries(directory)).map((name) => readJson<NameRecord>(join(directory, name))),
  );
  return found.filter((record) => record !== undefined);
}

async function entries(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).filter((name) => !name.endsWith('.new')).toSorted();
}
