import { aborted, OciError } from '../errors.ts';
import type { Descriptor } from '../manifest.ts';
import { RateMeter } from '../rate.ts';
import { formatReference, type Reference } from '../reference.ts';
import { referrerEntry } from '../referrers.ts';
import type { FetchedManifest, RegistryClient } from '../registry.ts';
import { systemTiming } from '../timing.ts';
import type { UploadJournal } from '../upload/journal.ts';
import type { PushedBlob } from '../upload/push-blob.ts';
import { readAhead } from './read-ahead.ts';
import { type PlatformChoice, readTree } from './tree.ts';
import { Permits } from './permits.ts';

/** One end of a copy. */
export interface CopyEnd {
  readonly client: RegistryClient;
  readonly reference: Reference;
}

export interface CopyOptions {
  /** Which platforms of an index; `all` (the default) keeps the index, and with it the digest. */
  readonly platforms?: PlatformChoice | undefined;
  /** Also what refers to the image: signatures, attestations, bills of materials. */
  readonly referrers?: boolean | undefined;
  /** Blobs under way at once, each on one connection to either side; default 6. */
  readonly connections?: number | undefined;
  /** See `PushBlobOptions`. */
  readonly chunkBytes?: number | undefined;
  readonly journal?: UploadJournal | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Ends the copy once the chunks under way have arrived: see `PushBlobOptions`. */
  readonly drain?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Hears of the size of each piece as it passes, in bytes. */
  readonly onPiece?: ((bytes: number) => void) | undefined;
  /** Monotonic clock in ms, for the rate. */
  readonly now?: (() => number) | undefined;
}

export interface CopyProgress {
  /** Of all blobs, those that were there already included. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneBlobs: number;
  readonly totalBlobs: number;
  /** Of what is sent. */
  readonly bytesPerSecond?: number;
  readonly secondsLeft?: number;
}

export interface CopyResult {
  /** Of the manifest or index at the destination. */
  readonly digest: string;
  /** Manifests and indexes, referrers included. */
  readonly manifests: number;
  readonly referrers: number;
  readonly blobs: Readonly<Record<PushedBlob['how'], number>>;
  /** Of all blobs. */
  readonly totalBytes: number;
  /** Sent over the wire, what was sent twice counted twice. */
  readonly sentBytes: number;
  /** Layers left out because their registry is another (Windows base layers). */
  readonly foreignLayers: number;
}

const DEFAULT_CONNECTIONS = 6;
/** Between two reports of progress, in ms. */
const REPORT_MS = 100;

/**
 * Copies an image or artifact from one registry to another, or within one: blobs side by side and straight through, verified, in constant memory; then the manifests, the
 * tag last, so that it never names something that is not whole. Blobs that the destination has, or can mount, are not sent. What a failed copy has sent stays for the next one.
 *
 * Throws OciError: of the source as `resolve` does, of the destination as `pushBlob` and `pushManifest` do.
 */
export async function copyImage(from: CopyEnd, to: CopyEnd, options: CopyOptions = {}): Promise<CopyResult> {
  const { signal } = options;
  const tree = await readTree(from.client, from.reference, options);
  const root = tree.manifests.find(({ digest }) => digest === tree.digest)!;
  const target = to.reference;
  if (target.digest !== undefined && target.digest !== tree.digest) {
    throw new OciError(
      'DigestMismatch',
      `${formatReference(from.reference)} is ${tree.digest} and cannot be copied to ${formatReference(target)}.`,
      {
        remedy: 'Name the destination by a tag, or copy all platforms.',
      },
    );
  }
  const totalBytes = sizeOf(tree.blobs);
  if (tree.referrers === 0 && (await to.client.manifestDigest(target, { signal })) === tree.digest) {
    const blobs = { exists: tree.blobs.length, mounted: 0, uploaded: 0 };
    return {
      digest: tree.digest,
      manifests: tree.manifests.length,
      referrers: 0,
      blobs,
      totalBytes,
      sentBytes: 0,
      foreignLayers: tree.foreignLayers,
    };
  }
  const pushed = await copyBlobs(from, to, tree.blobs, options);
  // Children stand before those that name them.
  for (const manifest of tree.manifests) await pushTo(to, manifest, manifest === root ? target : undefined, signal);
  const count = (how: PushedBlob['how']) => pushed.filter((blob) => blob.how === how).length;
  return {
    digest: tree.digest,
    manifests: tree.manifests.length,
    referrers: tree.referrers,
    blobs: { exists: count('exists'), mounted: count('mounted'), uploaded: count('uploaded') },
    totalBytes,
    sentBytes: pushed.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    foreignLayers: tree.foreignLayers,
  };
}

/** Puts one manifest at the destination, and into the list of its subject's referrers where the registry does not keep it. */
async function pushTo(
  to: CopyEnd,
  manifest: FetchedManifest,
  named: Reference | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { registry, repository } = to.reference;
  const reference = named ?? { registry, repository, digest: manifest.digest };
  const { subjectKnown } = await to.client.pushManifest(reference, manifest, { signal });
  const { subject } = manifest.kind === 'manifest' ? manifest.manifest : manifest.index;
  if (subject !== undefined && !subjectKnown) {
    await to.client.addReferrer({ registry, repository }, subject.digest, referrerEntry(manifest), { signal });
  }
}

async function copyBlobs(
  from: CopyEnd,
  to: CopyEnd,
  blobs: readonly Descriptor[],
  options: CopyOptions,
): Promise<PushedBlob[]> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const permits = new Permits(Math.max(1, options.connections ?? DEFAULT_CONNECTIONS));
  const tally = new Tally(blobs, options);
  const { registry, repository } = from.reference;
  const sibling = registry === to.reference.registry && repository !== to.reference.repository;
  let first: { readonly error: unknown } | undefined;
  const copyOne = async (blob: Descriptor) => {
    if (first === undefined && options.drain?.aborted) first = { error: aborted() };
    if (first !== undefined) return undefined;
    const open = (at: number) => readAhead(from.client.blobReading(from.reference, blob, { signal }), at, permits);
    try {
      const pushed = await to.client.pushBlob(
        to.reference,
        blob,
        { open },
        {
          signal,
          drain: options.drain,
          mountFrom: sibling ? repository : undefined,
          journal: options.journal,
          chunkBytes: options.chunkBytes,
          onProgress: (done) => {
            const more = tally.set(blob.digest, done);
            options.onPiece?.(more);
          },
        },
      );
      tally.finish(blob, pushed);
      return pushed;
    } catch (error) {
      first ??= { error };
      if (!options.drain?.aborted) stop.abort();
      return undefined;
    }
  };
  tally.report();
  // The largest first, so that no large one is left alone at the end.
  const sorted = blobs.toSorted((one, other) => other.size - one.size);
  const pushed = await Promise.all(sorted.map((blob) => permits.with(() => copyOne(blob))));
  if (first !== undefined) throw first.error;
  tally.report();
  return pushed.filter((blob) => blob !== undefined);
}

const sizeOf = (blobs: readonly Descriptor[]) => blobs.reduce((sum, { size }) => sum + size, 0);

/** Adds up the progress of all blobs. */
class Tally {
  readonly totalBytes: number;
  readonly #totalBlobs: number;
  readonly #done = new Map<string, number>();
  readonly #onProgress: CopyOptions['onProgress'];
  readonly #now: () => number;
  readonly #rate: RateMeter;
  #doneBytes = 0;
  #doneBlobs = 0;
  /** Bytes that needed no sending: they say nothing of the rate. */
  #spared = 0;
  #reportedAt = -Infinity;

  constructor(blobs: readonly Descriptor[], options: CopyOptions) {
    this.totalBytes = sizeOf(blobs);
    this.#totalBlobs = blobs.length;
    this.#onProgress = options.onProgress;
    this.#now = options.now ?? systemTiming.now;
    this.#rate = new RateMeter(this.#now);
  }

  /** Sets how much of a blob is done; returns by how much that is more than before. */
  set(digest: string, done: number): number {
    const more = done - (this.#done.get(digest) ?? 0);
    this.#doneBytes += more;
    this.#done.set(digest, done);
    if (this.#now() - this.#reportedAt >= REPORT_MS) this.report();
    return Math.max(0, more);
  }

  finish(blob: Descriptor, { how }: PushedBlob): void {
    if (how !== 'uploaded') this.#spared += blob.size;
    this.#doneBlobs += 1;
    this.set(blob.digest, blob.size);
  }

  report(): void {
    this.#reportedAt = this.#now();
    const { totalBytes } = this;
    this.#onProgress?.({
      doneBytes: this.#doneBytes,
      totalBytes,
      doneBlobs: this.#doneBlobs,
      totalBlobs: this.#totalBlobs,
      ...this.#rate.sample(this.#doneBytes - this.#spared, totalBytes - this.#spared),
    });
  }
}
