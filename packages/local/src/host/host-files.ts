import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';

/** What is asked of the machine; replaced in tests. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** The text of a file, undefined where it cannot be read. */
  readFile(path: string): Promise<string | undefined>;
  /** Standard output of a program, undefined where it is missing, fails or takes longer than `timeoutMs`. */
  run(program: string, flags: readonly string[], timeoutMs: number): Promise<string | undefined>;
  /** Free bytes for this user on the file system of the path, undefined where the path does not exist. */
  freeDiskBytes(path: string): Promise<number | undefined>;
  /** Cores that the process may be scheduled on (affinity mask). */
  cores(): number;
  totalMemoryBytes(): number;
  freeMemoryBytes(): number;
}

const execute = promisify(execFile);

/** This machine. */
export const thisHost: Host = {
  platform: process.platform,
  arch: process.arch,
  readFile: async (path) => readFile(path, 'utf8').catch(() => undefined),
  run: async (program, flags, timeoutMs) => {
    try {
      const { stdout } = await execute(program, [...flags], {
        timeout: timeoutMs,
        encoding: 'utf8',
        windowsHide: true,
      });
      return stdout;
    } catch {
      return undefined;
    }
  },
  freeDiskBytes: async (path) => {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch {
      return undefined;
    }
  },
  cores: () => availableParallelism(),
  totalMemoryBytes: () => totalmem(),
  freeMemoryBytes: () => freemem(),
};
