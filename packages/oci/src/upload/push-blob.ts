import type { Descriptor } from '../manifest.ts';
import { requireDigest } from '../digest.ts';
import { aborted, OciError } from '../errors.ts';
import type { StreamBody } from '../http.ts';
import { Retries, withRetry } from '../retry.ts';
import { type RegistrySession, type Repository, repositoryScope } from '../session.ts';
import { BlobCursor, type BlobSource } from './blob-source.ts';
import type { UploadJournal } from './journal.ts';
import { Upload } from './upload.ts';

export interface PushBlobOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Ends the transfer between two chunks, with OciError `Aborted`: some registries (distribution) forget an upload that is cut within one, so
   * that the next try would start anew.
   */
  readonly drain?: AbortSignal | undefined;
  /** A repository of the same registry that holds the blob. */
  readonly mountFrom?: string | undefined;
  /** Where uploads under way are remembered; without it a blob that is cut off with its process starts anew. */
  readonly journal?: UploadJournal | undefined;
  /** The most that is sent in one request, in bytes, where the registry can take a blob in chunks; default 32 MiB. */
  readonly chunkBytes?: number | undefined;
  /** Hears how many bytes of the blob the registry has or is being sent; less than before where something is sent again. */
  readonly onProgress?: ((doneBytes: number) => void) | undefined;
}

export interface PushedBlob {
  readonly how: 'exists' | 'mounted' | 'uploaded';
  /** Bytes sent over the wire, those sent twice counted twice. */
  readonly sentBytes: number;
}

type Blob = Pick<Descriptor, 'digest' | 'size'>;

export const DEFAULT_CHUNK_BYTES = 32 * 1024 ** 2;
/** No registry that takes chunks demands smaller ones (ECR and S3 take no less, GHCR no more than about that). */
const SMALLEST_CHUNK_BYTES = 4 * 1024 ** 2;
/** Answers to the first chunk by registries that take a blob only whole. */
const NO_CHUNKS = new Set([400, 404, 405, 411, 415, 501]);

/**
 * Brings a blob into a repository: found there, mounted from a repository beside it, or sent from its source, in constant memory. It is sent in chunks; after a cut the registry is
 * asked how much it has, and the transfer goes on from there, also in a later process where a journal is given. A registry without chunks gets the
 * blob in one request. It is verified on the way, and by the registry at the end.
 *
 * Throws OciError `DigestMismatch`, `Denied`, `Unauthorized`, `NotFound` (no such repository), `NoSpace` (at the registry), `TooManyRequests`,
 * `NetworkUnreachable`, `ServerError`, `Aborted`, or what the source throws.
 */
export async function pushBlob(
  session: RegistrySession,
  target: Repository,
  blob: Blob,
  source: BlobSource,
  options: PushBlobOptions = {},
): Promise<PushedBlob> {
  requireDigest(blob.digest);
  return new Push(session, target, blob, source, options).run();
}

/** Whether a repository holds a blob, of the right size where the registry says it. */
async function blobExists(
  session: RegistrySession,
  target: Repository,
  blob: Blob,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const head = () =>
    session.send(target, {
      url: session.url(target.registry, `${target.repository}/blobs/${blob.digest}`),
      method: 'HEAD',
      scopes: [repositoryScope(target.repository, 'pull,push')],
      good: [200, 404],
      action: 'write',
      signal,
    });
  const response = await withRetry(head, session.retrying(signal));
  response.body.resume();
  const length = response.headers['content-length'];
  return response.status === 200 && (length === undefined || Number(length) === blob.size);
}

class Push {
  readonly #session: RegistrySession;
  readonly #target: Repository;
  readonly #blob: Blob;
  readonly #options: PushBlobOptions;
  readonly #retries: Retries;
  readonly #cursor: BlobCursor;
  /** Names the upload in the journal. */
  readonly #name: string;
  #upload: Upload | undefined;
  /** Bytes that the registry has of the upload. */
  #offset = 0;
  /** Whether the registry must be asked for the offset, because an answer of it was lost. */
  #unsure = false;
  /** The most that the registry ever had. */
  #best = 0;
  #chunkBytes: number;
  #chunked: boolean;
  #refusals = 0;
  #sentBytes = 0;

  constructor(session: RegistrySession, target: Repository, blob: Blob, source: BlobSource, options: PushBlobOptions) {
    this.#session = session;
    this.#target = target;
    this.#blob = blob;
    this.#options = options;
    this.#cursor = new BlobCursor(source, blob);
    this.#name = `${target.registry}/${target.repository}@${blob.digest}`;
    this.#chunkBytes = Math.max(1, options.chunkBytes ?? DEFAULT_CHUNK_BYTES);
    this.#chunked = blob.size > this.#chunkBytes;
    this.#retries = new Retries({
      ...session.retrying(options.signal),
      // The registry has answered before: one that cannot be reached now, or has lost the upload, is worth another try.
      retryable: (error) =>
        error.retryable ||
        error.code === 'NetworkUnreachable' ||
        error.status === 416 ||
        (error.code === 'NotFound' && this.#offset > 0),
    });
  }

  async run(): Promise<PushedBlob> {
    try {
      for (;;) {
        try {
          const how = await this.#attempt();
          if (how === undefined) continue;
          this.#options.onProgress?.(this.#blob.size);
          return { how, sentBytes: this.#sentBytes };
        } catch (error) {
          await this.#recover(error);
        }
      }
    } finally {
      await this.#cursor.close();
    }
  }

  async #attempt(): Promise<PushedBlob['how'] | undefined> {
    if (this.#unsure) await this.#ask();
    if (this.#upload === undefined) {
      const there = await this.#begin();
      if (there !== undefined) return there;
    }
    const upload = this.#upload!;
    const { digest, size } = this.#blob;
    if (this.#chunked) {
      while (this.#offset < size) {
        if (this.#options.drain?.aborted) throw aborted();
        const end = Math.min(size, this.#offset + Math.max(this.#chunkBytes, upload.leastChunk));
        this.#unsure = true;
        await this.#reached(await upload.sendChunk(this.#offset, this.#body(this.#offset, end)));
        this.#unsure = false;
      }
    }
    this.#unsure = true;
    await upload.commit(digest, this.#chunked ? undefined : this.#body(0, size));
    await this.#options.journal?.remove(this.#name);
    return 'uploaded';
  }

  /** Finds an upload that was left behind, or starts one; says where the blob turned out to be there already. */
  async #begin(): Promise<PushedBlob['how'] | undefined> {
    const { signal, mountFrom, journal } = this.#options;
    if (await blobExists(this.#session, this.#target, this.#blob, signal)) {
      return this.#sentBytes === 0 ? 'exists' : 'uploaded';
    }
    const left = this.#chunked && this.#best === 0 ? await journal?.load(this.#name) : undefined;
    if (left !== undefined) {
      this.#upload = Upload.at(this.#session, this.#target, left.location, signal);
      await this.#ask();
      if (this.#upload !== undefined) return undefined;
    }
    const { digest } = this.#blob;
    const started = await Upload.start(this.#session, this.#target, { digest, mountFrom, signal });
    if (started === 'mounted') return 'mounted';
    this.#upload = started;
    this.#offset = 0;
    if (this.#chunked) await journal?.save(this.#name, { location: started.location, offset: 0 });
    return undefined;
  }

  /** Asks the registry how much of the upload it has. */
  async #ask(): Promise<void> {
    const offset = this.#chunked ? await this.#upload?.offset() : undefined;
    this.#unsure = false;
    if (offset === undefined || offset > this.#blob.size) this.#upload = undefined;
    else await this.#reached(offset);
  }

  async #reached(offset: number): Promise<void> {
    this.#offset = offset;
    if (offset > this.#best) this.#retries.progressed();
    this.#best = Math.max(this.#best, offset);
    this.#options.onProgress?.(offset);
    await this.#options.journal?.save(this.#name, { location: this.#upload!.location, offset });
  }

  /** Settles how to go on after a failure; throws where there is no way. */
  async #recover(error: unknown): Promise<void> {
    const { failure } = this.#cursor;
    if (failure !== undefined) {
      // The source has had its own tries. What it gave is of no use where it is wrong.
      if (failure instanceof OciError && failure.code === 'DigestMismatch') await this.#giveUp();
      throw failure;
    }
    const status = error instanceof OciError ? error.status : undefined;
    if (error instanceof OciError && status === 400 && error.serverCode === 'DIGEST_INVALID') {
      // The beginning of a resumed upload was not verified here: once more, whole.
      await this.#giveUp();
      this.#refusals += 1;
      if (this.#refusals > 1) throw this.#refused(error);
    } else if (this.#chunked && this.#offset === 0 && this.#upload !== undefined && NO_CHUNKS.has(status ?? 0)) {
      await this.#giveUp();
      this.#chunked = false;
    } else if (this.#chunked && status === 413 && this.#chunkBytes > SMALLEST_CHUNK_BYTES) {
      this.#chunkBytes = Math.max(SMALLEST_CHUNK_BYTES, Math.floor(this.#chunkBytes / 2));
    } else {
      await this.#retries.failed(error);
    }
  }

  async #giveUp(): Promise<void> {
    await this.#upload?.cancel();
    await this.#options.journal?.remove(this.#name);
    this.#upload = undefined;
    this.#offset = 0;
    this.#unsure = false;
  }

  #body(from: number, to: number): StreamBody {
    const { onProgress } = this.#options;
    const cursor = this.#cursor;
    const count = (bytes: number) => {
      this.#sentBytes += bytes;
    };
    return {
      length: to - from,
      open: async function* open() {
        let at = from;
        for await (const part of cursor.read(from, to)) {
          yield part;
          count(part.length);
          at += part.length;
          onProgress?.(at);
        }
      },
    };
  }

  #refused(cause: OciError): OciError {
    return new OciError(
      'DigestMismatch',
      `${this.#target.registry} says that what it received is not ${this.#blob.digest}.`,
      { remedy: 'Something between here and the registry alters what is sent, or its storage is damaged.', cause },
    );
  }
}
