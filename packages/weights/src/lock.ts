import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, link } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { aborted, type Timing, writeError } from '@kaito/oci';
import type { WeightsProgress } from './request.ts';

interface Holder {
  readonly token: string;
  readonly pid: number;
  /** Start time of the process in the kernel's ticks, so that a reused pid is not mistaken for the holder. */
  readonly startedAt: string;
  /** Boot and pid namespace (or host) in which `pid` means something. */
  readonly namespace: string;
  readonly progress?: WeightsProgress;
}

/** A holder elsewhere (another container or host on a shared disk) that shows no sign of life for so long is dead, in ms. */
const SILENT_MS = 60_000;
const HEARTBEAT_MS = 1000;
const POLL_MS = 200;
/** Fixed length of the lock file, so that each heartbeat is one write that replaces the whole. */
const RECORD_BYTES = 1024;

export interface LockOptions {
  readonly timing: Timing;
  readonly signal?: AbortSignal | undefined;
  /** Called while another process holds the lock, with that one's progress where known. */
  readonly onWait?: (progress: WeightsProgress | undefined) => void;
}

/** A lock file held by this process; it shows the holder's progress to those who wait. */
export class Lock {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #holder: Holder;
  readonly #timer: NodeJS.Timeout;
  #progress: WeightsProgress | undefined;
  #beating: Promise<void> = Promise.resolve();

  private constructor(file: string, handle: FileHandle, holder: Holder) {
    this.#file = file;
    this.#handle = handle;
    this.#holder = holder;
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat()).catch(() => {});
    }, HEARTBEAT_MS);
    this.#timer.unref();
  }

  /**
   * Waits for and takes the lock. A lock whose process is gone is taken over. Throws OciError `Aborted`, or
   * `WriteFailed`/`NoSpace` where no lock file can be made.
   */
  static async acquire(file: string, options: LockOptions): Promise<Lock> {
    const holder: Holder = {
      token: randomUUID(),
      pid: process.pid,
      startedAt: startOf('self') ?? '',
      namespace: NAMESPACE,
    };
    let seen: { readonly mark: string; readonly at: number } | undefined;
    await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
      throw writeError(error, file);
    });
    for (;;) {
      const handle = await createExclusively(file);
      if (handle !== undefined) {
        const lock = new Lock(file, handle, holder);
        await lock.#beat();
        return lock;
      }
      const current = await observe(file);
      if (current !== undefined) {
        if (seen?.mark !== current.mark) seen = { mark: current.mark, at: options.timing.now() };
        const silent = options.timing.now() - seen.at > SILENT_MS;
        if (current.holder === undefined ? silent : isDead(current.holder, silent)) {
          await takeAway(file, current.text);
          continue;
        }
        options.onWait?.(current.holder?.progress);
      }
      try {
        await options.timing.sleep(POLL_MS, options.signal);
      } catch (cause) {
        throw aborted(cause);
      }
    }
  }

  /** What those who wait will see with the next heartbeat. */
  show(progress: WeightsProgress): void {
    this.#progress = progress;
  }

  /** Whether nobody has taken the lock over meanwhile. */
  async held(): Promise<boolean> {
    return (await observe(this.#file))?.holder?.token === this.#holder.token;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    if (await this.held()) await rm(this.#file, { force: true });
    await this.#handle.close();
  }

  async #beat(): Promise<void> {
    const record = { ...this.#holder, ...(this.#progress === undefined ? {} : { progress: this.#progress }) };
    await this.#handle.write(Buffer.from(JSON.stringify(record).padEnd(RECORD_BYTES)), 0, RECORD_BYTES, 0);
  }
}

async function createExclusively(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw writeError(error, file);
  }
}

async function observe(
  file: string,
): Promise<{ readonly mark: string; readonly text: string; readonly holder: Holder | undefined } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    return { mark: `${mtimeMs} ${text}`, text, holder: parseHolder(text) };
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const parsed = JSON.parse(text) as Holder | null;
    return typeof parsed?.token === 'string' && typeof parsed.pid === 'number' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isDead(holder: Holder, silent: boolean): boolean {
  if (holder.namespace !== NAMESPACE) return silent;
  const start = startOf(holder.pid);
  if (start !== undefined) return holder.startedAt !== '' && start !== holder.startedAt;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Removes a dead holder's lock; should another process have replaced it at this very moment, that one's lock is put back. */
async function takeAway(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const moved = await readFile(aside, 'utf8');
  const same = parseHolder(moved)?.token === parseHolder(text)?.token;
  if (!same) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

/** Field 22 of /proc/<pid>/stat; undefined without such a process or such a file system. */
function startOf(pid: number | 'self'): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

const NAMESPACE = (() => {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
})();

/** Whether the lock file belongs to a process that still lives, as far as can be seen at one look. */
export async function isLocked(file: string): Promise<boolean> {
  const current = await observe(file);
  return current !== undefined && (current.holder === undefined || !isDead(current.holder, false));
}
