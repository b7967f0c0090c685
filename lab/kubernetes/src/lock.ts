import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Between two tries to get a lock that somebody holds, ms. */
const retryMs = 500;

/** Holds the lock, a folder with its holder's process id, while `work` runs; a dead holder's lock is taken over. */
export async function locked<T>(lock: string, progress: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const own = `${lock}.${randomUUID()}`;
  // It comes into being with the process id in it: a holder that is killed at any time is known to be dead.
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'pid'), String(process.pid));
  try {
    for (let waited = false; !(await taken(own, lock)); waited = true) {
      const holder = await holderOf(lock);
      if (holder !== undefined && !existsSync(`/proc/${holder}`)) {
        await breakLock(lock, `${own}.dead`, holder);
        continue;
      }
      if (!waited) progress(`another process (${holder}) is building in ${dirname(lock)}; waiting for it`);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    throw error;
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** A folder that is not empty is never replaced by another. */
async function taken(own: string, lock: string): Promise<boolean> {
  try {
    await rename(own, lock);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function holderOf(lock: string): Promise<number | undefined> {
  const pid = Number(await readFile(join(lock, 'pid'), 'utf8').catch(() => ''));
  return pid > 0 ? pid : undefined;
}

/** Takes a dead holder's lock away, unless it is another's by now. */
async function breakLock(lock: string, aside: string, holder: number): Promise<void> {
  try {
    await rename(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await holderOf(aside)) === holder) await rm(aside, { recursive: true, force: true });
  else await rename(aside, lock);
}
