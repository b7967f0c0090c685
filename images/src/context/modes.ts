import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Gives a folder and all in it the modes that git would give, whatever this process' umask: who may run a file may read it. */
export async function settle(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
