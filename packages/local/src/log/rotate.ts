import { copyFile, stat, truncate } from 'node:fs/promises';
import { hasCode } from '../state/atomic-file.ts';

/** A log is cut when it has grown beyond this; the one before is kept as `<log>.1`. */
export const rotateAtBytes = 10 * 1024 * 1024;

/**
 * Cuts a log that has grown too long: copies it to `<path>.1` and empties it in place, since the server goes on appending to the open
 * file. What is written between the copy and the cut (microseconds) is lost. True when it was cut.
 */
export async function rotateLog(path: string, limitBytes = rotateAtBytes): Promise<boolean> {
  try {
    if ((await stat(path)).size <= limitBytes) return false;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
  return true;
}
