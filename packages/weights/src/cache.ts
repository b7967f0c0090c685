import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { digestOf, hashFile, parseDigest, writeError } from '@kaito/oci';

/** What the cache knows of one file it holds. */
export interface BlobRecord {
  readonly digest: string;
  readonly bytes: number;
  /** Modification time of the file when its digest was last known to be right, in ms since 1970. */
  readonly mtimeMs: number;
}

/** Which digest a name stands for, and where it came from. */
export interface NameRecord {
  readonly name: string;
  readonly digest: string;
  readonly bytes: number;
  /** What the file came from, in words and without credentials. */
  readonly source: string;
  /** Digest over that source, to know it again. */
  readonly sourceKey: string;
}

/**
 * The layout on disk: `sha256/<hex>` the files, `blobs/<hex>.json` their records (touched at each use), `names/…json` the index from name to
 * digest, `paths/…json` digests of files outside, `partial/…` what is under way, `locks/…`. Every file appears by an atomic rename.
 */
export class WeightsCache {
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  blobPath(digest: string): string {
    return join(this.root, ...digest.split(':'));
  }

  recordPath(digest: string): string {
    return join(this.root, 'blobs', `${digest.split(':')[1]}.json`);
  }

  partialPath(key: string): string {
    return join(this.root, 'partial', key);
  }

  lockPath(key: string): string {
    return join(this.root, 'locks', `${key}.lock`);
  }

  namePath(name: string): string {
    const encoded = encodeURIComponent(name);
    return join(this.root, 'names', `${encoded.length > 180 ? digestOf(Buffer.from(name)).slice(7) : encoded}.json`);
  }

  /**
   * The file of a digest if it is there and whole: its size is compared each time, its content again only when it was modified since. `bytes`
   * is the size it must have where no record says so.
   */
  async find(
    digest: string,
    options: {
      readonly bytes?: number | undefined;
      readonly onRehash?: (doneBytes: number, totalBytes: number) => void;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<BlobRecord | undefined> {
    const info = await stat(this.blobPath(digest)).catch(() => undefined);
    if (info === undefined || !info.isFile()) return undefined;
    const record = await readJson<BlobRecord>(this.recordPath(digest));
    if ((record?.bytes ?? options.bytes ?? info.size) !== info.size) return undefined;
    if (record !== undefined && record.mtimeMs === info.mtimeMs) {
      const now = new Date();
      await utimes(this.recordPath(digest), now, now).catch(() => {});
      return record;
    }
    const sound = await this.verify(digest, {
      onBytes: (done) => options.onRehash?.(done, info.size),
      signal: options.signal,
    });
    if (!sound) return undefined;
    const renewed = { digest, bytes: info.size, mtimeMs: info.mtimeMs };
    await writeJson(this.recordPath(digest), renewed).catch(() => {});
    return renewed;
  }

  /** Reads the whole file of a digest and says whether it is what its name says. */
  async verify(
    digest: string,
    options: { readonly onBytes?: (doneBytes: number) => void; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<boolean> {
    const parsed = parseDigest(digest);
    if (parsed === undefined) return false;
    const hash = createHash(parsed.algorithm);
    await hashFile(this.blobPath(digest), hash, options);
    return hash.digest('hex') === parsed.hex;
  }

  /** Takes a finished, verified and durable file into the cache by an atomic rename; it becomes read-only. */
  async adopt(file: string, digest: string): Promise<BlobRecord> {
    const path = this.blobPath(digest);
    try {
      await mkdir(dirname(path), { recursive: true });
      await chmod(file, 0o444);
      await rename(file, path);
      await syncDirectory(dirname(path));
      const { size, mtimeMs } = await stat(path);
      const record = { digest, bytes: size, mtimeMs };
      await writeJson(this.recordPath(digest), record);
      return record;
    } catch (error) {
      throw writeError(error, path);
    }
  }

  /** The record of a name, if there is one. */
  async named(name: string): Promise<NameRecord | undefined> {
    const record = await readJson<NameRecord>(this.namePath(name));
    return record?.name === name ? record : undefined;
  }

  async setName(record: NameRecord): Promise<void> {
    await writeJson(this.namePath(record.name), record);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } catch {
    // Some file systems cannot sync a directory; the rename is then as durable as they make it.
  } finally {
    await handle.close();
  }
}

/** A JSON file's content; undefined where it is absent or broken. */
export async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Writes a JSON file by an atomic rename; throws OciError `NoSpace` or `WriteFailed`. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, `${JSON.stringify(value)}\n`);
    await rename(temporary, file);
  } catch (error) {
    throw writeError(error, file);
  }
}
