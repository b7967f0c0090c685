import { OciError } from '../errors.ts';
import type { HttpResponse, StreamBody } from '../http.ts';
import { type RegistrySession, type Repository, repositoryScope } from '../session.ts';

/** A commit may take long without a word: object stores copy the whole blob then. In ms. */
const COMMIT_TIMEOUT_MS = 15 * 60_000;

/** One upload under way at a registry (OCI distribution specification 1.1, "Pushing blobs"). */
export class Upload {
  readonly #session: RegistrySession;
  readonly #target: Repository;
  readonly #signal: AbortSignal | undefined;
  readonly #scopes: readonly string[];
  #location: URL;
  /** The least that the registry takes as one chunk, in bytes (OCI-Chunk-Min-Length). */
  readonly leastChunk: number;

  private constructor(
    session: RegistrySession,
    target: Repository,
    location: URL,
    signal: AbortSignal | undefined,
    leastChunk = 0,
  ) {
    this.#session = session;
    this.#target = target;
    this.#location = location;
    this.#signal = signal;
    this.#scopes = [repositoryScope(target.repository, 'pull,push')];
    this.leastChunk = leastChunk;
  }

  /** Starts an upload; where the registry can mount the blob from `mountFrom`, a repository of its own, it is there at once. */
  static async start(
    session: RegistrySession,
    target: Repository,
    options: {
      readonly digest: string;
      readonly mountFrom?: string | undefined;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<Upload | 'mounted'> {
    const { digest, mountFrom, signal } = options;
    const { registry, repository } = target;
    const query =
      mountFrom === undefined ? '' : `?${new URLSearchParams({ mount: digest, from: mountFrom }).toString()}`;
    const url = session.url(registry, `${repository}/blobs/uploads/${query}`);
    const response = await session.send(target, {
      url,
      method: 'POST',
      body: '',
      scopes: [
        repositoryScope(repository, 'pull,push'),
        ...(mountFrom === undefined ? [] : [repositoryScope(mountFrom, 'pull')]),
      ],
      good: [201, 202],
      action: 'write',
      signal,
    });
    response.body.resume();
    if (response.status === 201) return 'mounted';
    const least = Number(response.headers['oci-chunk-min-length'] ?? 0);
    const location = locationOf(response, url, registry);
    return new Upload(session, target, location, signal, Number.isSafeInteger(least) ? least : 0);
  }

  /** An upload that was begun before. */
  static at(
    session: RegistrySession,
    target: Repository,
    location: string,
    signal: AbortSignal | undefined,
  ): Upload | undefined {
    const url = URL.parse(location);
    return url === null ? undefined : new Upload(session, target, url, signal);
  }

  get location(): string {
    return this.#location.href;
  }

  /** How many bytes the registry has; undefined where it knows nothing of the upload (any more). */
  async offset(): Promise<number | undefined> {
    const response = await this.#send('GET', this.#location, [200, 204, 404, 405, 410]);
    response.body.resume();
    if (response.status > 204) return undefined;
    if (response.headers.location !== undefined) this.#move(response);
    return endOf(response);
  }

  /** Sends one chunk; returns how many bytes the registry has then. */
  async sendChunk(from: number, body: StreamBody): Promise<number> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `${from}-${from + body.length - 1}`,
    };
    const response = await this.#send('PATCH', this.#location, [200, 202, 204], headers, body);
    response.body.resume();
    this.#move(response);
    return endOf(response) ?? from + body.length;
  }

  /** Completes the upload, with all bytes where `body` is given. The registry verifies the digest. */
  async commit(digest: string, body?: StreamBody): Promise<void> {
    const url = new URL(this.#location.href);
    url.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
    const headers = { 'content-type': 'application/octet-stream' };
    const response = await this.#send('PUT', url, [200, 201, 202, 204], headers, body ?? '');
    response.body.resume();
  }

  /** Gives the upload up; a registry that does not answer forgets it by itself. */
  async cancel(): Promise<void> {
    await this.#send('DELETE', this.#location, [200, 202, 204, 404, 405]).then(
      ({ body }) => body.resume(),
      () => {},
    );
  }

  #send(
    method: 'GET' | 'PATCH' | 'PUT' | 'DELETE',
    url: URL,
    good: readonly number[],
    headers: Readonly<Record<string, string>> = {},
    body?: StreamBody | string,
  ): Promise<HttpResponse> {
    return this.#session.send(this.#target, {
      url,
      method,
      headers,
      body,
      scopes: this.#scopes,
      good,
      action: 'write',
      signal: this.#signal,
      ...(method === 'PUT' ? { idleTimeoutMs: COMMIT_TIMEOUT_MS } : {}),
    });
  }

  #move(response: HttpResponse): void {
    if (response.headers.location === undefined) return;
    this.#location = locationOf(response, this.#location, this.#target.registry);
  }
}

/** Registries write `0-0` for nothing as for one byte; one byte then is sent again. */
function endOf(response: HttpResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1];
  return last === undefined ? undefined : last === '0' ? 0 : Number(last) + 1;
}

/** Where an upload goes on: absolute, or relative to what was asked. A proxy that forgot its https is set right. */
function locationOf(response: HttpResponse, asked: URL, registry: string): URL {
  const location = URL.parse(response.headers.location ?? '', response.url.href);
  if (response.headers.location === undefined || location === null) {
    throw new OciError('ServerError', `${registry} names no address for the upload.`, {
      remedy: `Report it to the operator of ${registry}.`,
    });
  }
  if (location.host === asked.host) location.protocol = asked.protocol;
  return location;
}
