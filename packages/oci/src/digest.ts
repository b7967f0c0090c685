import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { aborted, OciError } from './errors.ts';

export type DigestAlgorithm = 'sha256' | 'sha512';

const HEX_LENGTH: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 };

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly hex: string;
}

/** Reads `sha256:` or `sha512:` and lower-case hex of the right length; undefined for anything else. */
export function parseDigest(text: string): Digest | undefined {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(text);
  if (match === null) return undefined;
  const algorithm = match[1] as DigestAlgorithm;
  const hex = match[2] as string;
  return hex.length === HEX_LENGTH[algorithm] ? { algorithm, hex } : undefined;
}

/** Like `parseDigest`, but throws OciError `InvalidReference`. */
export function requireDigest(text: string): Digest {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  throw new OciError('InvalidReference', `"${text.slice(0, 200)}" is not a digest.`, {
    remedy: 'Write it as sha256: and 64 lower-case hex digits.',
  });
}

/** The digest of bytes in memory, as `sha256:…`. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

const READ_BYTES = 1024 * 1024;

/** Feeds the first `length` bytes of a file into a hash; returns how many there were. `onBytes` hears of the total so far. */
export async function hashFile(
  file: string,
  hash: Hash,
  options: {
    readonly length?: number;
    readonly onBytes?: (doneBytes: number) => void;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<number> {
  if (options.length === 0) return 0;
  let done = 0;
  const stream = createReadStream(file, {
    highWaterMark: READ_BYTES,
    ...(options.length === undefined ? {} : { end: options.length - 1 }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    for await (const chunk of stream) {
      hash.update(chunk as Buffer);
      done += (chunk as Buffer).length;
      options.onBytes?.(done);
    }
  } catch (error) {
    if (options.signal?.aborted) throw aborted(error);
    throw error;
  }
  return done;
}
