import { answerChallenge, parseChallenges } from './auth.ts';
import type { CredentialSource } from './credentials.ts';
import { digestOf, requireDigest } from './digest.ts';
import { download, type DownloadOptions } from './download.ts';
import { OciError } from './errors.ts';
import { HttpClient, type HttpHeaders, type HttpResponse, readBody } from './http.ts';
import { statusError } from './http-errors.ts';
import {
  ACCEPTED_MANIFESTS,
  type Descriptor,
  hostPlatform,
  type Manifest,
  parseManifest,
  type Platform,
  selectManifest,
} from './manifest.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';
import { type RetryPolicy, withRetry } from './retry.ts';
import type { Timing } from './timing.ts';

/** A reference brought down to one manifest. */
export interface Resolved {
  readonly reference: Reference;
  /** Of the manifest itself, `sha256:…`. */
  readonly digest: string;
  readonly manifest: Manifest;
  /** Of the index it was chosen from, if any. */
  readonly indexDigest?: string;
}

export interface RegistryClientOptions {
  readonly credentials?: CredentialSource | undefined;
  readonly http?: HttpClient | undefined;
  /** Speak http to registries other than this machine. To this machine http is spoken unless `secureLoopback`. */
  readonly plainHttp?: boolean | undefined;
  readonly secureLoopback?: boolean | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly timing?: Timing | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Largest manifest that registries must take (OCI distribution specification 1.1). */
const MANIFEST_BYTES = 4 * 1024 * 1024;
const ERROR_BODY_BYTES = 64 * 1024;
/** An index may name an index, but not without end. */
const DEEPEST_INDEX = 3;

/** Reads from OCI registries: tags and digests to manifests, blobs to files. Logins are asked for only when a registry wants one. */
export class RegistryClient {
  readonly #http: HttpClient;
  readonly #options: RegistryClientOptions;
  readonly #authorizations = new Map<string, { readonly value: string; readonly expiresAt: number }>();

  constructor(options: RegistryClientOptions = {}) {
    this.#options = options;
    this.#http = options.http ?? new HttpClient({ plainHttp: options.plainHttp });
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
    let wanted = reference.digest ?? reference.tag ?? 'latest';
    let indexDigest: string | undefined;
    for (let depth = 0; depth < DEEPEST_INDEX; depth += 1) {
      const { bytes, contentType } = await this.#fetchManifest(reference, wanted, options.signal);
      const digest = wanted.includes(':') ? wanted : digestOf(bytes);
      const where = formatReference(reference);
      const parsed = parseManifest(bytes, contentType, where);
      if (parsed.kind === 'manifest') {
        return { reference, digest, manifest: parsed.manifest, ...(indexDigest === undefined ? {} : { indexDigest }) };
      }
      indexDigest ??= digest;
      wanted = selectManifest(parsed.index, options.platform ?? hostPlatform, where).digest;
    }
    throw new OciError('UnsupportedManifest', `${formatReference(reference)} nests indexes too deeply.`, {
      remedy: 'Name the manifest itself by its digest.',
    });
  }

  /** Fetches a blob into `file`: resumed, verified against the descriptor and durable, as `download` promises. */
  async pullBlob(
    reference: Reference,
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    file: string,
    options: Pick<DownloadOptions, 'onProgress' | 'signal' | 'freeBytes'> = {},
  ): Promise<void> {
    requireDigest(descriptor.digest);
    const url = this.#url(reference, `blobs/${descriptor.digest}`);
    await download({
      ...options,
      file,
      digest: descriptor.digest,
      bytes: descriptor.size,
      retry: this.#options.retry,
      timing: this.#options.timing,
      open: (headers) => this.#get(reference, url, headers, options.signal, [200, 206, 416]),
    });
  }

  async #fetchManifest(
    reference: Reference,
    wanted: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly bytes: Buffer; readonly contentType: string | undefined }> {
    const url = this.#url(reference, `manifests/${wanted}`);
    const attempt = async () => {
      const response = await this.#get(reference, url, { accept: ACCEPTED_MANIFESTS }, signal, [200]);
      return { response, bytes: await readBody(response, MANIFEST_BYTES, signal) };
    };
    const { retry: policy, timing } = this.#options;
    const { response, bytes } = await withRetry(attempt, { policy, timing, signal });
    const announced = response.headers['docker-content-digest'];
    const expected = wanted.includes(':') ? wanted : typeof announced === 'string' ? announced : undefined;
    if (expected !== undefined) {
      const actual = digestOf(bytes, requireDigest(expected).algorithm);
      if (actual !== expected) {
        throw new OciError(
          'DigestMismatch',
          `The manifest of ${formatReference(reference)} is ${actual} where ${expected} was announced.`,
          {
            remedy: 'Try again; if it stays so, a proxy or the registry alters what it serves.',
          },
        );
      }
    }
    return { bytes, contentType: response.headers['content-type'] };
  }

  #url({ registry, repository }: Reference, rest: string): URL {
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    const local = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host) && this.#options.secureLoopback !== true;
    const url = URL.parse(
      `${local || this.#options.plainHttp === true ? 'http' : 'https'}://${host}/v2/${repository}/${rest}`,
    );
    if (url !== null) return url;
    throw new OciError('InvalidReference', `${registry} is not a registry's host.`, {
      remedy: 'Correct the host and the port.',
    });
  }

  /** One authorized GET; a 401 is answered once, with a fresh token where an older one had run out. */
  async #get(
    reference: Reference,
    url: URL,
    headers: HttpHeaders,
    signal: AbortSignal | undefined,
    good: readonly number[],
  ): Promise<HttpResponse> {
    const key = `${reference.registry}/${reference.repository}`;
    const send = () => {
      const held = this.#authorizations.get(key);
      const valid = held !== undefined && held.expiresAt > Date.now();
      return this.#http.send({ url, headers: valid ? { ...headers, authorization: held.value } : headers, signal });
    };
    let response = await send();
    // A 401 from where a redirect led is no challenge of the registry's: its logins are not for that host.
    if (response.status === 401 && response.url.origin === url.origin) {
      const challenges = parseChallenges([response.headers['www-authenticate'] ?? []].flat().join(', '));
      const credentials = await this.#options.credentials?.(reference.registry, reference.repository);
      const answer = await answerChallenge(challenges, credentials, reference, { http: this.#http, signal });
      if (answer !== undefined) {
        await readBody(response, ERROR_BODY_BYTES, signal).catch(() => {});
        this.#authorizations.set(key, answer);
        response = await send();
      }
    }
    if (good.includes(response.status)) return response;
    const body = await readBody(response, ERROR_BODY_BYTES, signal).catch(() => Buffer.alloc(0));
    throw statusError(response.url, response.status, response.headers, body.toString('utf8'));
  }
}
