import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DigestAlgorithm, hashFile } from './digest.ts';
import { OciError } from './errors.ts';
import { systemCode } from './http-errors.ts';

/** Bytes gathered before they are handed to the disk, while the next ones are received and hashed. */
const BATCH_BYTES = 1024 * 1024;

/** What must still hold at the source for the bytes on disk to be the beginning of the same file. */
export interface PartialState {
  /** A strong ETag, or a Last-Modified date. */
  readonly validator?: string;
  readonly totalBytes?: number;
}

/** A file that grows at its end, hashed as it grows, with a note beside it (`<file>.json`) that lets it be continued later. */
export class PartialFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #algorithm: DigestAlgorithm;
  #hash: Hash;
  #state: PartialState;
  #received: number;
  #flushedTo: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;

  private constructor(file: string, handle: FileHandle, algorithm: DigestAlgorithm, state: PartialState) {
    this.#file = file;
    this.#handle = handle;
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
    this.#state = state;
    this.#received = 0;
    this.#flushedTo = 0;
  }

  /** Opens or creates the file; what it already holds is hashed again, and `onRehash` hears how far that is. */
  static async open(
    file: string,
    algorithm: DigestAlgorithm,
    options: {
      readonly onRehash?: (doneBytes: number, ofBytes: number) => void;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<PartialFile> {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, 'a+').then(async (appending) => {
      await appending.close();
      return open(file, 'r+');
    });
    try {
      const partial = new PartialFile(file, handle, algorithm, await readState(`${file}.json`));
      const { size } = await handle.stat();
      const hashed = await hashFile(file, partial.#hash, {
        length: size,
        onBytes: (done) => options.onRehash?.(done, size),
        signal: options.signal,
      });
      partial.#received = hashed;
      partial.#flushedTo = hashed;
      return partial;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes held so far. */
  get bytes(): number {
    return this.#received;
  }

  get state(): PartialState {
    return this.#state;
  }

  /** Replaces the note beside the file, atomically. */
  async setState(state: PartialState): Promise<void> {
    if (state.validator === this.#state.validator && state.totalBytes === this.#state.totalBytes) return;
    this.#state = state;
    const temporary = `${this.#file}.json.new`;
    try {
      await writeFile(temporary, JSON.stringify(state));
      await rename(temporary, `${this.#file}.json`);
    } catch (error) {
      throw writeError(error, this.#file);
    }
  }

  /** Throws away what was received. */
  async restart(): Promise<void> {
    await this.flush();
    await this.#handle.truncate(0);
    this.#hash = createHash(this.#algorithm);
    this.#received = 0;
    this.#flushedTo = 0;
    await this.setState({});
  }

  /** Takes the next bytes; resolves at once while the disk keeps up. Throws OciError `NoSpace` or `WriteFailed`. */
  async append(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk);
    this.#received += chunk.length;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes >= BATCH_BYTES) {
      await this.#writing;
      this.#startWriting();
    }
  }

  #startWriting(): void {
    const buffers = this.#pending;
    const position = this.#flushedTo;
    this.#pending = [];
    this.#flushedTo += this.#pendingBytes;
    this.#pendingBytes = 0;
    this.#writing = writeAll(this.#handle, buffers, position).catch((error: unknown) => {
      throw writeError(error, this.#file);
    });
    // Awaited by the next append or flush; until then a failure must not count as unhandled.
    this.#writing.catch(() => {});
  }

  /** Waits until everything received lies in the file. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#pendingBytes > 0) this.#startWriting();
    await this.#writing;
  }

  /** Flushes, makes the bytes durable and returns their digest; nothing may be appended afterwards. */
  async finish(): Promise<string> {
    await this.flush();
    await this.#handle.sync();
    return `${this.#algorithm}:${this.#hash.digest('hex')}`;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Removes a partial file and its note. */
  static async remove(file: string): Promise<void> {
    await Promise.all([file, `${file}.json`, `${file}.json.new`].map((path) => rm(path, { force: true })));
  }
}

async function readState(file: string): Promise<PartialState> {
  try {
    const parsed = JSON.parse(await readFile(file, 'utf8')) as PartialState | null;
    return {
      ...(typeof parsed?.validator === 'string' ? { validator: parsed.validator } : {}),
      ...(typeof parsed?.totalBytes === 'number' ? { totalBytes: parsed.totalBytes } : {}),
    };
  } catch {
    return {};
  }
}

async function writeAll(handle: FileHandle, buffers: readonly Buffer[], position: number): Promise<void> {
  let rest = [...buffers];
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, at);
    at += bytesWritten;
    let skip = bytesWritten;
    while (rest[0] !== undefined && skip >= rest[0].length) {
      skip -= rest[0].length;
      rest = rest.slice(1);
    }
    if (skip > 0 && rest[0] !== undefined) rest[0] = rest[0].subarray(skip);
  }
}

/** Turns an error of the file system into OciError `NoSpace` or `WriteFailed`. */
export function writeError(error: unknown, file: string): OciError {
  if (error instanceof OciError) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new OciError('NoSpace', `The disk${code === 'EDQUOT' ? ' quota' : ''} is full at ${dirname(file)}.`, {
      remedy: `Free some space there, or choose another directory; the fetch then goes on where it stopped.`,
      cause: error,
    });
  }
  return new OciError(
    'WriteFailed',
    `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    {
      remedy: `Check that ${dirname(file)} is a directory you may write to.`,
      cause: error,
    },
  );
}
