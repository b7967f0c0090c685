import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LocalError } from '../local-error.ts';

/** True for an error of the file system with this code, e.g. `ENOENT`. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Makes a directory, and those above it, for this user alone. @throws LocalError `StateNotWritable`. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LocalError(
      'StateNotWritable',
      `the state directory cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      'mend its rights, or choose another with KAITO_STATE',
      error,
    );
  }
}

/**
 * Replaces a file in one step (written beside it, flushed, renamed): a reader sees the old content or the new, whenever the writer is
 * killed. Mode 0600.
 */
export async function writeAtomic(path: string, content: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a value as JSON, atomically. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * The JSON of a file that only this package writes, undefined where there is none.
 * @throws LocalError `StateDamaged` where it is no JSON.
 */
export async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new LocalError(
      'StateDamaged',
      `${path} is damaged`,
      'remove the Workspace and start it again: kaito down, kaito up',
      error,
    );
  }
}
