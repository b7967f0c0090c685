import { link, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessIdentity, isAlive, ownIdentity } from '../process/identity.ts';
import { hasCode, makeDirectory, writeAtomic } from './atomic-file.ts';

export interface Lock {
  release(): Promise<void>;
}

/**
 * A lock between processes that a killed holder cannot keep. It is a directory of numbered files, the highest of which names the
 * holder. The next number may be made (exclusively) only when the highest one's holder is dead or has released it; the highest number
 * never falls, so a contender that looked long ago sees a higher one beside its own and steps back.
 */
async function numbers(directory: string): Promise<number[]> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The living process that holds the lock, undefined when it is free. */
export async function lockHolder(directory: string): Promise<ProcessIdentity | undefined> {
  const highest = Math.max(0, ...(await numbers(directory)));
  if (highest === 0) return undefined;
  try {
    const holder = JSON.parse(await readFile(join(directory, String(highest)), 'utf8')) as Partial<ProcessIdentity>;
    const { pid, start } = holder;
    return pid !== undefined && start !== undefined && isAlive({ pid, start }) ? { pid, start } : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return lockHolder(directory);
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Takes the lock for this process when it is free; undefined when a living process (this one too) holds it. */
export async function tryLock(directory: string): Promise<Lock | undefined> {
  await makeDirectory(directory);
  for (;;) {
    const highest = Math.max(0, ...(await numbers(directory)));
    if ((await lockHolder(directory)) !== undefined) return undefined;
    const mine = highest + 1;
    const file = join(directory, String(mine));
    const prepared = join(directory, `prepared.${process.pid}.${mine}.${performance.now()}`);
    await writeAtomic(prepared, JSON.stringify(ownIdentity()));
    try {
      await link(prepared, file);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue;
      throw error;
    } finally {
      await rm(prepared, { force: true });
    }
    const present = await numbers(directory);
    if (Math.max(...present) > mine) {
      await rm(file, { force: true });
      continue;
    }
    for (const old of present) if (old < mine) await rm(join(directory, String(old)), { force: true });
    return { release: () => writeAtomic(file, '{}') };
  }
}

/** Waits for the lock. @throws the signal's reason when it is aborted first. */
export async function lock(directory: string, signal?: AbortSignal): Promise<Lock> {
  for (;;) {
    signal?.throwIfAborted();
    const taken = await tryLock(directory);
    if (taken !== undefined) return taken;
    await delay(50, undefined, signal === undefined ? {} : { signal });
  }
}
