import type { BlobReaderOptions } from './copy/blob-reader.ts';
import { digestOf, requireDigest } from './digest.ts';
import { download, type DownloadOptions } from './download.ts';
import { OciError } from './errors.ts';
import { type HttpResponse, readBody } from './http.ts';
import {
  ACCEPTED_MANIFESTS,
  type Descriptor,
  hostPlatform,
  type IndexEntry,
  type Manifest,
  type ParsedManifest,
  parseManifest,
  type Platform,
  selectManifest,
} from './manifest.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';
import { listRepositories, listTags } from './listing.ts';
import { addReferrer, listReferrers } from './referrers.ts';
import { withRetry } from './retry.ts';
import { type RegistryClientOptions, RegistrySession, type Repository, repositoryScope } from './session.ts';
import { pushBlob, type PushBlobOptions, type PushedBlob } from './upload/push-blob.ts';
import type { BlobSource } from './upload/blob-source.ts';

/** A reference brought down to one manifest. */
export interface Resolved {
  readonly reference: Reference;
  /** Of the manifest itself, `sha256:…`. */
  readonly digest: string;
  readonly manifest: Manifest;
  /** Of the index it was chosen from, if any. */
  readonly indexDigest?: string;
}

/** A manifest or index as its bytes, which alone make its digest, and as what they say. */
export type FetchedManifest = ParsedManifest & {
  readonly bytes: Buffer;
  readonly digest: string;
  readonly mediaType: string;
};

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Largest manifest that registries must take (OCI distribution specification 1.1). */
const MANIFEST_BYTES = 4 * 1024 * 1024;
/** From so many bytes on a buffer of its own is worth it for an answer. */
const LARGE_BYTES = 8 * 1024 ** 2;
/** An index may name an index, but not without end. */
const DEEPEST_INDEX = 3;

/** A client of OCI registries. Logins are asked for only when a registry wants one. */
export class RegistryClient {
  readonly #session: RegistrySession;

  constructor(options: RegistryClientOptions = {}) {
    this.#session = new RegistrySession(options);
  }

  /**
   * Brings a reference down to the manifest of one platform (default: this machine's), its digest verified. Throws OciError `InvalidReference`, `NotFound`, `Unauthorized`,
   * `Denied`, `UnsupportedManifest`, `UnsupportedPlatform`, `DigestMismatch`, `TooManyRequests`, `NetworkUnreachable`.
   */
  async resolve(
    text: string | Reference,
    options: CallOptions & { readonly platform?: Platform } = {},
  ): Promise<Resolved> {
    const reference = typeof text === 'string' ? parseReference(text) : text;
    let wanted = reference;
    let indexDigest: string | undefined;
    for (let depth = 0; depth < DEEPEST_INDEX; depth += 1) {
      const fetched = await this.fetchManifest(wanted, options);
      const { digest } = fetched;
      if (fetched.kind === 'manifest') {
        const { manifest } = fetched;
        return { reference, digest, manifest, ...(indexDigest === undefined ? {} : { indexDigest }) };
      }
      indexDigest ??= digest;
      const chosen = selectManifest(fetched.index, options.platform ?? hostPlatform, formatReference(reference));
      wanted = { ...reference, digest: chosen.digest };
    }
    throw new OciError('UnsupportedManifest', `${formatReference(reference)} nests indexes too deeply.`, {
      remedy: 'Name the manifest itself by its digest.',
    });
  }

  /** The manifest or index that a reference names, verified against its digest. Throws OciError as `resolve` does. */
  async fetchManifest(reference: Reference, options: CallOptions = {}): Promise<FetchedManifest> {
    const wanted = manifestName(reference);
    const attempt = async () => {
      const response = await this.#manifest(reference, 'GET', options.signal, [200]);
      return { response, bytes: await readBody(response, MANIFEST_BYTES, options.signal) };
    };
    const { response, bytes } = await withRetry(attempt, this.#session.retrying(options.signal));
    const announced = response.headers['docker-content-digest'];
    const expected = wanted.includes(':') ? wanted : typeof announced === 'string' ? announced : undefined;
    const digest = digestOf(bytes, expected === undefined ? 'sha256' : requireDigest(expected).algorithm);
    if (expected !== undefined && digest !== expected) {
      throw new OciError(
        'DigestMismatch',
        `The manifest of ${formatReference(reference)} is ${digest} where ${expected} was announced.`,
        { remedy: 'Try again; if it stays so, a proxy or the registry alters what it serves.' },
      );
    }
    const parsed = parseManifest(bytes, response.headers['content-type'], formatReference(reference));
    const { mediaType } = parsed.kind === 'index' ? parsed.index : parsed.manifest;
    return { ...parsed, bytes, digest, mediaType };
  }

  /** The digest of the manifest that a reference names, without fetching it; undefined where there is none, or the registry does not say. */
  async manifestDigest(reference: Reference, options: CallOptions = {}): Promise<string | undefined> {
    const response = await withRetry(
      () => this.#manifest(reference, 'HEAD', options.signal, [200, 404]),
      this.#session.retrying(options.signal),
    );
    response.body.resume();
    const announced = response.headers['docker-content-digest'];
    return response.status === 200 && typeof announced === 'string' ? announced : undefined;
  }

  /**
   * Puts a manifest or index under a tag, a digest, or both one after the other; everything it names must be there already. `subjectKnown` says whether the
   * registry lists it as a referrer of its subject (OCI-Subject). Throws OciError `Denied`, `Unauthorized`, `NotFound` (no such repository), `TagImmutable`.
   */
  async pushManifest(
    reference: Reference,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
    options: CallOptions = {},
  ): Promise<{ readonly digest: string; readonly subjectKnown: boolean }> {
    const { signal } = options;
    const digest = digestOf(
      manifest.bytes,
      reference.digest === undefined ? 'sha256' : requireDigest(reference.digest).algorithm,
    );
    if (reference.digest !== undefined && reference.digest !== digest) {
      throw new OciError('DigestMismatch', `The manifest is ${digest} and cannot be pushed as ${reference.digest}.`, {
        remedy: 'Push it under its own digest, or under a tag.',
      });
    }
    const put = async (name: string) => {
      const response = await this.#session.send(reference, {
        url: this.#session.url(reference.registry, `${reference.repository}/manifests/${name}`),
        method: 'PUT',
        headers: { 'content-type': manifest.mediaType },
        body: manifest.bytes,
        scopes: [repositoryScope(reference.repository, 'pull,push')],
        good: [200, 201, 202],
        action: 'write',
        signal,
      });
      response.body.resume();
      return response.headers['oci-subject'] !== undefined;
    };
    let subjectKnown = false;
    for (const name of [reference.digest, reference.tag].filter((name) => name !== undefined)) {
      subjectKnown = await withRetry(() => put(name), this.#session.retrying(signal));
    }
    return { digest, subjectKnown };
  }

  /** Fetches a blob into `file`: resumed, verified against the descriptor and durable, as `download` promises. */
  async pullBlob(
    reference: Repository,
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    file: string,
    options: Pick<DownloadOptions, 'onProgress' | 'signal' | 'freeBytes'> = {},
  ): Promise<void> {
    requireDigest(descriptor.digest);
    const { policy: retry, timing, signal } = this.#session.retrying(options.signal);
    await download({
      ...options,
      file,
      digest: descriptor.digest,
      bytes: descriptor.size,
      retry,
      timing,
      open: (headers) => this.#blob(reference, descriptor.digest, headers, signal, [200, 206, 416]),
    });
  }

  /** A small blob as bytes, e.g. an image's configuration. Throws OciError `DigestMismatch`, or `ServerError` where it is longer than 4 MiB. */
  async fetchBlob(
    reference: Repository,
    descriptor: Pick<Descriptor, 'digest'>,
    options: CallOptions = {},
  ): Promise<Buffer> {
    const { algorithm } = requireDigest(descriptor.digest);
    const bytes = await withRetry(
      async () =>
        readBody(
          await this.#blob(reference, descriptor.digest, {}, options.signal, [200]),
          MANIFEST_BYTES,
          options.signal,
        ),
      this.#session.retrying(options.signal),
    );
    const digest = digestOf(bytes, algorithm);
    if (digest === descriptor.digest) return bytes;
    throw new OciError(
      'DigestMismatch',
      `${reference.registry} holds ${digest} where ${descriptor.digest} was expected.`,
      {
        remedy: 'The blob is damaged at its registry: push it there anew.',
      },
    );
  }

  /** Opens a blob for reading at an offset in bytes: status 206, or 200 from a registry that gives no ranges. Its bytes are not verified, and each piece is good until the next one is asked for. */
  async openBlob(
    reference: Repository,
    digest: string,
    range: { readonly from: number; readonly to?: number },
    options: CallOptions = {},
  ): Promise<HttpResponse> {
    const { from, to } = range;
    const wanted = from === 0 && to === undefined ? {} : { range: `bytes=${from}-${to === undefined ? '' : to - 1}` };
    return this.#blob(
      reference,
      digest,
      { 'accept-encoding': 'identity', ...wanted },
      options.signal,
      [200, 206],
      (to ?? Infinity) - from >= LARGE_BYTES,
    );
  }

  /** Brings a blob into a repository: found there, mounted from another repository, or sent. See `pushBlob`. */
  async pushBlob(
    reference: Repository,
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    source: BlobSource,
    options: PushBlobOptions = {},
  ): Promise<PushedBlob> {
    return pushBlob(this.#session, reference, descriptor, source, options);
  }

  /** How to read a blob by `readBlob`. */
  blobReading(
    reference: Repository,
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    options: CallOptions = {},
  ): BlobReaderOptions {
    const { digest, size } = descriptor;
    return {
      digest,
      size,
      open: (range, signal) => this.openBlob(reference, digest, range, { signal }),
      retry: this.#session.retrying(options.signal),
    };
  }

  /** The tags of a repository, as they come page by page. Throws OciError `NotFound` for a repository that is none. */
  tags(reference: Repository, options: CallOptions = {}): AsyncGenerator<string> {
    return listTags(this.#session, reference, options.signal);
  }

  /** The repositories of a registry, page by page; many give the list to administrators only. */
  repositories(registry: string, options: CallOptions = {}): AsyncGenerator<string> {
    return listRepositories(this.#session, registry, options.signal);
  }

  /** The manifests that have `digest` as their subject, by the referrers API, or the tag schema where the registry has none. */
  async referrers(reference: Repository, digest: string, options: CallOptions = {}): Promise<readonly IndexEntry[]> {
    return listReferrers(this, this.#session, reference, digest, options.signal);
  }

  /** Adds a manifest to the list of its subject's referrers, for registries that do not keep it (`subjectKnown` false). */
  async addReferrer(
    reference: Repository,
    subject: string,
    entry: IndexEntry,
    options: CallOptions = {},
  ): Promise<void> {
    await addReferrer(this, reference, subject, entry, options.signal);
  }

  #manifest(reference: Reference, method: 'GET' | 'HEAD', signal: AbortSignal | undefined, good: readonly number[]) {
    return this.#session.send(reference, {
      url: this.#session.url(reference.registry, `${reference.repository}/manifests/${manifestName(reference)}`),
      method,
      headers: { accept: ACCEPTED_MANIFESTS },
      scopes: [repositoryScope(reference.repository, 'pull')],
      good,
      signal,
    });
  }

  #blob(
    reference: Repository,
    digest: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    good: readonly number[],
    large = false,
  ): Promise<HttpResponse> {
    return this.#session.send(reference, {
      url: this.#session.url(reference.registry, `${reference.repository}/blobs/${digest}`),
      headers,
      scopes: [repositoryScope(reference.repository, 'pull')],
      good,
      large,
      signal,
    });
  }
}

const manifestName = (reference: Reference) => reference.digest ?? reference.tag ?? 'latest';
