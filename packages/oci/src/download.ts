import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseDigest } from './digest.ts';
import { OciError } from './errors.ts';
import type { HttpHeaders, HttpResponse } from './http.ts';
import { transportError } from './http-errors.ts';
import { PartialFile, writeError } from './partial-file.ts';
import { type RetryPolicy, withRetry } from './retry.ts';
import type { Timing } from './timing.ts';

export interface TransferProgress {
  /** `verify`: bytes that lay there already are being hashed. */
  readonly step: 'download' | 'verify';
  readonly doneBytes: number;
  readonly totalBytes?: number;
}

export interface DownloadOptions {
  /**
   * Sends the request with these headers added (Range, If-Range, Accept-Encoding) and returns an answer of status 200, 206 or 416;
   * throws OciError for any other. Called anew for each try.
   */
  readonly open: (headers: HttpHeaders) => Promise<HttpResponse>;
  /** Where the bytes go; continued if it exists. A note `<file>.json` lies beside it. */
  readonly file: string;
  readonly digest?: string | undefined;
  readonly bytes?: number | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly timing?: Timing | undefined;
  /** Bytes free for us on the disk of a directory; default: statfs. */
  readonly freeBytes?: ((directory: string) => Promise<number>) | undefined;
}

/** Bytes that an unprivileged process may still write in a directory. */
export async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Throws OciError `NoSpace` when fewer than `bytes` are free in `directory`. */
export async function requireSpace(
  directory: string,
  bytes: number,
  freeBytes: (directory: string) => Promise<number> = freeBytesOf,
): Promise<void> {
  const free = await freeBytes(directory);
  if (free >= bytes) return;
  throw new OciError('NoSpace', `${directory} has ${mib(free)} MiB free, and ${mib(bytes)} MiB are needed.`, {
    remedy: `Free at least ${mib(bytes - free)} MiB there, or choose a directory on a larger disk.`,
  });
}

function mib(bytes: number): number {
  return Math.ceil(bytes / 1024 ** 2);
}

/**
 * Fetches one file into `file`, hashing while it streams, in constant memory. A cut connection is resumed with Range; a file that
 * changed meanwhile (ETag, size) starts anew. With a digest given, bytes of any origin may be resumed, because the digest decides; a mismatch
 * after a resume is tried once more from the start. On return the bytes are durable (fsync). On failure what was received stays
 * for the next call, except after a `DigestMismatch`.
 *
 * Throws OciError `DigestMismatch`, `NoSpace`, `WriteFailed`, `NetworkUnreachable`, `Aborted`, or what `open` threw.
 */
export async function download(options: DownloadOptions): Promise<{ readonly digest: string; readonly bytes: number }> {
  const algorithm = (options.digest === undefined ? undefined : parseDigest(options.digest))?.algorithm ?? 'sha256';
  for (let round = 1; ; round += 1) {
    const partial = await PartialFile.open(options.file, algorithm, {
      onRehash: (doneBytes, totalBytes) => options.onProgress?.({ step: 'verify', doneBytes, totalBytes }),
      signal: options.signal,
    }).catch((error: unknown) => {
      throw writeError(error, options.file);
    });
    try {
      const transfer = new Transfer(options, partial);
      await transfer.run();
      const digest = await partial.finish();
      const { bytes } = partial;
      const wrongSize = options.bytes !== undefined && bytes !== options.bytes;
      if (!wrongSize && (options.digest === undefined || digest === options.digest)) return { digest, bytes };
      await PartialFile.remove(options.file);
      if (!transfer.resumed || round > 1) throw mismatch(options, digest, bytes);
    } finally {
      await partial.close();
    }
  }
}

function mismatch(options: DownloadOptions, digest: string, bytes: number): OciError {
  const wanted = options.digest ?? `${options.bytes} bytes`;
  const got = options.digest === undefined ? `${bytes} bytes` : `${digest} (${bytes} bytes)`;
  return new OciError('DigestMismatch', `The source holds ${got} where ${wanted} was expected.`, {
    remedy: 'The file at the source is another or damaged one: check the revision asked for, or use another source.',
  });
}

class Transfer {
  readonly #options: DownloadOptions;
  readonly #partial: PartialFile;
  #connected = false;
  /** Whether bytes of an earlier answer are part of the result. */
  resumed: boolean;

  constructor(options: DownloadOptions, partial: PartialFile) {
    this.#options = options;
    this.#partial = partial;
    this.resumed = partial.bytes > 0;
  }

  async run(): Promise<void> {
    const { retry: policy, timing, signal } = this.#options;
    await withRetry((progressed) => this.#attempt(progressed), {
      policy,
      timing,
      signal,
      // A server that answered a moment ago and cannot be reached now is worth waiting for; one never heard of is not.
      retryable: (error) => error.retryable || (this.#connected && error.code === 'NetworkUnreachable'),
    });
  }

  async #attempt(progressed: () => void): Promise<void> {
    const partial = this.#partial;
    const { digest, bytes } = this.#options;
    const resumable = digest !== undefined || partial.state.validator !== undefined;
    if (partial.bytes > 0 && (!resumable || (bytes !== undefined && partial.bytes > bytes))) await this.#restart();
    if (partial.bytes > 0 && partial.bytes === bytes) return;
    const from = partial.bytes;
    const response = await this.#options.open(this.#headers(from));
    this.#connected = true;
    try {
      const total = await this.#agree(response, from);
      if (total === 'complete') return;
      await this.#receive(response, total, progressed);
    } finally {
      response.body.destroy();
    }
  }

  #headers(from: number): HttpHeaders {
    const { validator } = this.#partial.state;
    return {
      'accept-encoding': 'identity',
      ...(from > 0 ? { range: `bytes=${from}-` } : {}),
      ...(from > 0 && this.#options.digest === undefined && validator !== undefined ? { 'if-range': validator } : {}),
    };
  }

  async #restart(): Promise<void> {
    await this.#partial.restart();
    this.resumed = false;
  }

  /** Settles what the answer continues, and how long the whole will be. */
  async #agree(response: HttpResponse, from: number): Promise<number | undefined | 'complete'> {
    const partial = this.#partial;
    const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers['content-range'] ?? '');
    const rangeTotal = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2]);
    const validator = validatorOf(response);
    if (response.status === 416) {
      const same =
        this.#options.digest !== undefined || validator === undefined || validator === partial.state.validator;
      if (from > 0 && rangeTotal === from && same) return 'complete';
      await this.#restart();
      throw changed(response, from > 0);
    }
    if (response.status === 206) {
      const { validator: held, totalBytes } = partial.state;
      const moved = this.#options.digest === undefined && validator !== undefined && validator !== held;
      const resized = rangeTotal !== undefined && totalBytes !== undefined && rangeTotal !== totalBytes;
      if (Number(range?.[1]) !== from || moved || resized) {
        await this.#restart();
        throw changed(response, from > 0);
      }
    } else if (from > 0) {
      await this.#restart();
    }
    const length = response.headers['content-length'];
    const total = rangeTotal ?? (length === undefined || response.status === 206 ? undefined : Number(length));
    const { bytes, file, freeBytes } = this.#options;
    if (bytes !== undefined && total !== undefined && total !== bytes) {
      await PartialFile.remove(file);
      throw mismatch({ ...this.#options, digest: undefined }, '', total);
    }
    const expected = total ?? bytes;
    if (expected !== undefined) await requireSpace(dirname(file), expected - partial.bytes, freeBytes);
    await partial.setState({
      ...(validator === undefined ? {} : { validator }),
      ...(expected === undefined ? {} : { totalBytes: expected }),
    });
    this.resumed = this.resumed || partial.bytes > 0;
    return expected;
  }

  async #receive(response: HttpResponse, total: number | undefined, progressed: () => void): Promise<void> {
    const partial = this.#partial;
    const { onProgress, signal } = this.#options;
    const report = () =>
      onProgress?.({
        step: 'download',
        doneBytes: partial.bytes,
        ...(total === undefined ? {} : { totalBytes: total }),
      });
    report();
    try {
      for await (const chunk of response.body) {
        await partial.append(chunk as Buffer);
        progressed();
        report();
        if (total !== undefined && partial.bytes > total) break;
      }
    } catch (error) {
      throw transportError(error, response.url, signal);
    } finally {
      await partial.flush();
    }
    if (total !== undefined && partial.bytes < total) {
      throw transportError(new Error(`it ended after ${partial.bytes} of ${total} bytes`), response.url, signal);
    }
  }
}

/** The header that proves two answers to be of the same bytes: a strong ETag, else Last-Modified. */
function validatorOf(response: HttpResponse): string | undefined {
  const { etag } = response.headers;
  if (etag !== undefined && etag.startsWith('"')) return etag;
  return response.headers['last-modified'];
}

function changed(response: HttpResponse, retryable: boolean): OciError {
  return new OciError('ServerError', `${response.url.host} answers ranges of ${response.url.pathname} wrongly.`, {
    remedy: 'Use another source.',
    retryable,
  });
}
