import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Holds the lock, a folder with its holder's process id, while `work` runs; a dead holder's lock is taken over. */
export async function locked<T>(lock: string, progress: (line: string) => void, work: () => Promise<T>): Promise<T> {
  for (let waited = false; ; waited = true) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(join(lock, 'pid'), 'utf8').catch(() => ''));
    if (holder > 0 && !existsSync(`/proc/${holder}`)) {
      await rm(lock, { recursive: true, force: true });
      continue;
    }
    if (!waited) progress(`another process (${holder || 'starting'}) is building in ${dirname(lock)}; waiting for it`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  try {
    await writeFile(join(lock, 'pid'), String(process.pid));
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}
