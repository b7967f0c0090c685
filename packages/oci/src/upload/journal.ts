import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An upload that is under way. */
export interface UploadState {
  /** Its address at the registry. */
  readonly location: string;
  /** Bytes that the registry has taken for sure; it is asked before this is trusted. */
  readonly offset: number;
}

/** Remembers uploads under way, so that one that is cut off goes on with the next try. */
export interface UploadJournal {
  /** The upload of that name, if one was left behind by a process that is no more. */
  readonly load: (name: string) => Promise<UploadState | undefined>;
  readonly save: (name: string, state: UploadState) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
}

/** Registries drop uploads that were left behind after about a week. */
const OLDEST_MS = 7 * 24 * 3600 * 1000;

/**
 * A journal of one small file per upload in a directory, readable by this user alone, for an address may hold a secret. A file that cannot be written costs no more than the
 * resume. `now` gives ms since 1970.
 */
export function fileJournal(directory: string, now: () => number): UploadJournal {
  const fileOf = (name: string) =>
    join(directory, `${createHash('sha256').update(name).digest('hex').slice(0, 40)}.json`);
  return {
    async load(name) {
      await removeOld(directory, now() - OLDEST_MS);
      const state = await readState(fileOf(name));
      if (state === undefined || (state.pid !== process.pid && isAlive(state.pid))) return undefined;
      return { location: state.location, offset: state.offset };
    },
    async save(name, state) {
      const file = fileOf(name);
      const temporary = `${file}.${process.pid}.new`;
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeFile(temporary, JSON.stringify({ ...state, pid: process.pid }), { mode: 0o600 });
        await rename(temporary, file);
      } catch {
        await rm(temporary, { force: true }).catch(() => {});
      }
    },
    remove: (name) => rm(fileOf(name), { force: true }).catch(() => {}),
  };
}

async function readState(file: string): Promise<(UploadState & { readonly pid: number }) | undefined> {
  try {
    const { location, offset, pid } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (typeof location !== 'string' || !Number.isSafeInteger(offset) || !Number.isSafeInteger(pid)) return undefined;
    return { location, offset: Number(offset), pid: Number(pid) };
  } catch {
    return undefined;
  }
}

async function removeOld(directory: string, before: number): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const file = join(directory, name);
    const { mtimeMs } = (await stat(file).catch(() => undefined)) ?? { mtimeMs: Infinity };
    if (mtimeMs < before) await rm(file, { force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
