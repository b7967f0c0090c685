import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type DigestAlgorithm, requireDigest } from '../digest.ts';
import { OciError } from '../errors.ts';

/** Where the bytes of a blob come from. */
export interface BlobSource {
  /** The bytes from an offset to the blob's end. Called anew where a transfer goes on elsewhere than it stopped. A piece need be good only until the next one is asked for. */
  readonly open: (from: number) => AsyncIterable<Uint8Array>;
}

const READ_BYTES = 1024 * 1024;

/** The bytes of a file. */
export function fileSource(file: string): BlobSource {
  return { open: (start) => createReadStream(file, { start, highWaterMark: READ_BYTES }) as AsyncIterable<Buffer> };
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): BlobSource {
  return {
    open: async function* open(from) {
      yield bytes.subarray(from);
    },
  };
}

/**
 * Reads a blob piece by piece from one stream, which is opened anew only for a jump, and verifies it on the way: the last bytes are given
 * out only once all of them are known to be right, so that a wrong blob is never completed where it goes.
 *
 * A blob whose beginning is not read here (a resumed upload) is left to the receiver's verification.
 */
export class BlobCursor {
  readonly #source: BlobSource;
  readonly #digest: string;
  readonly #size: number;
  readonly #hash: Hash;
  #hashedTo = 0;
  #position = 0;
  #stream: AsyncIterator<Uint8Array> | undefined;
  #rest: Uint8Array | undefined;
  /** Why the source could not be read, for good. */
  failure: unknown;

  constructor(source: BlobSource, blob: { readonly digest: string; readonly size: number }) {
    this.#source = source;
    this.#digest = blob.digest;
    this.#size = blob.size;
    const algorithm: DigestAlgorithm = requireDigest(blob.digest).algorithm;
    this.#hash = createHash(algorithm);
  }

  /** Whether all bytes have been read and are what the digest says. */
  #verified = false;

  /** The bytes from `from` to `to`. Throws OciError `DigestMismatch` before the last one, or what the source throws. */
  async *read(from: number, to: number): AsyncGenerator<Uint8Array> {
    try {
      if (this.#position !== from || this.#stream === undefined) {
        await this.close();
        this.#position = from;
        this.#stream = this.#source.open(from)[Symbol.asyncIterator]();
      }
      while (this.#position < to) {
        const chunk = await this.#next();
        const wanted = to - this.#position;
        const part = chunk.length > wanted ? chunk.subarray(0, wanted) : chunk;
        this.#rest = chunk.length > wanted ? chunk.subarray(wanted) : undefined;
        this.#take(part);
        yield part;
      }
      if (this.#size === 0) this.#take(Buffer.alloc(0));
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  async #next(): Promise<Uint8Array> {
    if (this.#rest !== undefined) return this.#rest;
    for (;;) {
      const next = await this.#stream!.next();
      if (next.done === true) throw this.#wrong(`ends after ${this.#position} of ${this.#size} bytes`);
      if (next.value.length > 0) return next.value;
    }
  }

  #take(part: Uint8Array): void {
    const end = this.#position + part.length;
    if (this.#position <= this.#hashedTo && end > this.#hashedTo) {
      this.#hash.update(part.subarray(this.#hashedTo - this.#position));
      this.#hashedTo = end;
    }
    this.#position = end;
    if (this.#hashedTo !== this.#size || end !== this.#size || this.#verified) return;
    const actual = `${requireDigest(this.#digest).algorithm}:${this.#hash.digest('hex')}`;
    if (actual !== this.#digest) throw this.#wrong(`is ${actual}`);
    this.#verified = true;
  }

  #wrong(what: string): OciError {
    return new OciError('DigestMismatch', `The source of blob ${this.#digest} ${what}.`, {
      remedy: 'The blob is damaged at its source, or on the way from there: push it there anew, or use another source.',
    });
  }

  /** Ends the stream that is open. */
  async close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#rest = undefined;
    await stream?.return?.();
  }
}
