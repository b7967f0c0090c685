import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, hashFile } from '@kaito/oci';
import { readJson, type WeightsCache, writeJson } from '../cache.ts';
import { WeightsError } from '../errors.ts';
import type { WeightsProgress } from '../request.ts';

interface PathRecord {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
  readonly digest: string;
}

export interface PathWanted {
  readonly digest: string | undefined;
  readonly bytes: number | undefined;
  readonly report: (step: WeightsProgress['step'], doneBytes: number, totalBytes?: number) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Verifies a file where it lies, without a copy. Its digest is remembered by size, modification time and inode, so an unchanged file is
 * read whole only once. Throws WeightsError `NotFound` or `DigestMismatch`.
 */
export async function usePath(
  path: string,
  cache: WeightsCache,
  wanted: PathWanted,
): Promise<{ readonly path: string; readonly digest: string; readonly bytes: number }> {
  const real = await realpath(path).catch((error: unknown) => {
    throw new WeightsError('NotFound', `${path} cannot be found.`, {
      remedy: 'Check the path; a relative one starts at the working directory.',
      cause: error,
    });
  });
  const info = await stat(real);
  if (!info.isFile()) {
    throw new WeightsError('NotFound', `${path} is not a file.`, { remedy: 'Name the weights file itself.' });
  }
  if (wanted.bytes !== undefined && info.size !== wanted.bytes) {
    throw differs(path, `${info.size} bytes`, `${wanted.bytes} bytes`);
  }
  const recordFile = join(cache.root, 'paths', `${digestOf(Buffer.from(real)).slice(7)}.json`);
  const record = await readJson<PathRecord>(recordFile);
  const unchanged =
    record !== undefined && record.bytes === info.size && record.mtimeMs === info.mtimeMs && record.inode === info.ino;
  const digest = unchanged ? record.digest : await digestOfFile(real, info.size, wanted);
  if (!unchanged) {
    const renewed: PathRecord = { path: real, bytes: info.size, mtimeMs: info.mtimeMs, inode: info.ino, digest };
    // Without a record the file is only read again next time: a cache that cannot be written is no reason to fail here.
    await writeJson(recordFile, renewed).catch(() => {});
  }
  if (wanted.digest !== undefined && digest !== wanted.digest) throw differs(path, digest, wanted.digest);
  return { path: real, digest, bytes: info.size };
}

async function digestOfFile(file: string, bytes: number, wanted: PathWanted): Promise<string> {
  const hash = createHash('sha256');
  try {
    await hashFile(file, hash, { onBytes: (done) => wanted.report('verify', done, bytes), signal: wanted.signal });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    throw new WeightsError('Denied', `${file} may not be read by this user.`, {
      remedy: `Give it read permission, e.g. chmod a+r ${file}.`,
      cause: error,
    });
  }
  return `sha256:${hash.digest('hex')}`;
}

function differs(path: string, got: string, wanted: string): WeightsError {
  return new WeightsError('DigestMismatch', `${path} is ${got} where ${wanted} was expected.`, {
    remedy: 'The file is another or a damaged one: fetch it anew, or correct the digest.',
  });
}
