import type { Client, List, WatchEvent } from '../client/client.ts';
import { ApiError, ConnectionError, isExpired, isNotFound } from '../client/errors.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { KubeObject, Resource } from '../object.ts';
import { sleep } from '../sleep.ts';
import { Backoff } from './backoff.ts';
import { isNewer } from './resource-version.ts';

/** Where a reflector puts what it learns. */
export interface Sink<T extends KubeObject> {
  replace(list: List<T>): void;
  changed(object: T): void;
  deleted(object: T): void;
  /** The server does not know the resource (optional resources only). */
  unavailable(): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly optional?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** A watch is ended by the server after five to ten minutes (client-go's `minWatchTimeout`), so that connections spread over servers again. */
const watchSeconds = 300;
/** A watch that ends sooner without a single event counts as a failure, or it would spin. */
const tooShortMs = 1_000;
/** A broken watch that had lived so long, or had brought anything new, is resumed without a wait. */
const steadyMs = 5_000;
/** Servers that send bookmarks do so every minute; three minutes of silence after one mean a half-open connection. */
const silenceMs = 180_000;
/** How often a resource that is not installed is looked for; jittered up to twice that. */
const recheckMs = 300_000;

/**
 * Mirrors one resource into a sink: a list, then watches that resume where the last one ended, and a new list only when the server has
 * forgotten that place (410). Lists are consistent and paged: servers since 1.31 answer them from their cache, and no page is ever larger
 * than 500 objects in memory, which a list "at version 0" does not promise (the server ignores its limit).
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #sink: Sink<T>;
  readonly #backoff: Backoff;
  #resourceVersion: string | undefined;
  #wake: (() => void) | undefined;

  constructor(options: ReflectorOptions<T>, sink: Sink<T>) {
    this.#options = options;
    this.#sink = sink;
    this.#backoff = new Backoff(options.random);
  }

  /** Looks at once for a resource that was not installed, or ends the wait after a failure. */
  recheck(): void {
    this.#wake?.();
  }

  /** Resolves once the signal has aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = this.#options.clock.monotonic();
      const place = this.#resourceVersion;
      const lasted = () => this.#options.clock.monotonic() - startedAt;
      let wait: number;
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        const inOrder = await this.#watch(signal);
        this.#backoff.wentWell(lasted());
        wait = inOrder ? 0 : this.#backoff.next();
      } catch (error) {
        if (signal.aborted) return;
        this.#backoff.wentWell(lasted());
        wait = this.#afterFailure(error, lasted(), this.#resourceVersion !== place);
      }
      if (wait > 0) await this.#pause(wait, signal);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const list = await this.#options.client.list(this.#options.resource, { ...this.#selection(), signal });
    if (signal.aborted) return;
    this.#resourceVersion = list.resourceVersion;
    this.#sink.replace(list);
  }

  /** One watch to its end. @returns false where it ended too soon to be right. */
  async #watch(signal: AbortSignal): Promise<boolean> {
    // Whoever listened to the list may have ended it all.
    signal.throwIfAborted();
    const { client, resource, clock, random } = this.#options;
    const startedAt = clock.monotonic();
    let heardAt = startedAt;
    let bookmarks = false;
    let events = 0;
    const own = new AbortController();
    const stop = () => own.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const silent = new ConnectionError(`watch ${resource.plural}: no sign of life for ${silenceMs / 1000} s`);
    let cancel: (() => void) | undefined;
    const listen = () => {
      cancel = clock.after(
        silenceMs / 3,
        () => {
          if (bookmarks && clock.monotonic() - heardAt >= silenceMs) own.abort(silent);
          else listen();
        },
        { unref: true },
      );
    };
    listen();
    try {
      const stream = client.watch(resource, {
        ...this.#selection(),
        ...(this.#resourceVersion === undefined ? {} : { resourceVersion: this.#resourceVersion }),
        timeoutSeconds: Math.floor(watchSeconds * (1 + random())),
        signal: own.signal,
      });
      for await (const event of stream) {
        heardAt = clock.monotonic();
        events += 1;
        bookmarks ||= event.type === 'BOOKMARK';
        this.#take(event);
      }
      if (own.signal.aborted) throw own.signal.reason;
      return events > 0 || clock.monotonic() - startedAt >= tooShortMs;
    } finally {
      cancel?.();
      signal.removeEventListener('abort', stop);
      own.abort();
    }
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#advance(event.resourceVersion);
      return;
    }
    if (event.type === 'DELETED') this.#sink.deleted(event.object);
    else this.#sink.changed(event.object);
    this.#advance(event.object.metadata.resourceVersion);
  }

  #advance(resourceVersion: string | undefined): void {
    if (this.#resourceVersion === undefined || isNewer(resourceVersion, this.#resourceVersion))
      this.#resourceVersion = resourceVersion;
  }

  /** @returns milliseconds to wait. */
  #afterFailure(error: unknown, lastedMs: number, progress: boolean): number {
    const { resource, logger, optional } = this.#options;
    if (isExpired(error)) {
      this.#resourceVersion = undefined;
      // A watch that lived falls behind only now and then; a server that answers 410 at once would be asked in a circle.
      return lastedMs >= tooShortMs ? 0 : this.#backoff.next();
    }
    if (optional === true && isNotFound(error)) {
      this.#resourceVersion = undefined;
      this.#sink.unavailable();
      return recheckMs * (1 + this.#options.random());
    }
    if (isNotFound(error)) this.#resourceVersion = undefined;
    if (error instanceof ConnectionError && (progress || lastedMs >= steadyMs)) {
      this.#backoff.reset();
      logger.log('debug', 'watch broke off and resumes', { resource: resource.plural, error });
      return 0;
    }
    const wait = this.#backoff.next();
    const asked =
      error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 * (1 + this.#options.random() / 4) : 0;
    const waitMs = Math.max(asked, wait);
    logger.log('warn', 'cannot list or watch; trying again', {
      resource: resource.plural,
      waitMs: Math.round(waitMs),
      error,
    });
    return waitMs;
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const waking = new AbortController();
    const wake = () => waking.abort();
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    await sleep(this.#options.clock, ms, waking.signal);
    signal.removeEventListener('abort', wake);
    this.#wake = undefined;
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }
}
