import type { Clock } from '../clock.ts';
import { Delays } from './delays.ts';
import { KeyFailures, TokenBucket } from './rate-limit.ts';
import type { KeyBackoff, Rate } from './rate-limit.ts';

/** `low` is for floods, such as the first list of a cache: changes made by people go before them. */
export type Priority = 'normal' | 'low';

/** What a queue tells about itself; times in seconds. */
export interface QueueMetrics {
  added(): void;
  retried(): void;
  /** A key was taken after it had waited so long. */
  taken(waitedSeconds: number): void;
  done(workedSeconds: number): void;
  /** Where the numbers that are asked for at scrape time come from. */
  observe(state: () => QueueState): void;
}

export interface QueueState {
  readonly depth: number;
  readonly unfinishedSeconds: number;
  readonly longestRunningSeconds: number;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Per key; default 5 ms to 60 s. */
  readonly backoff?: KeyBackoff;
  /** Of all retries together; default 10 per second, burst 100 (client-go's). */
  readonly retryRate?: Rate;
  readonly metrics?: QueueMetrics;
}

/**
 * Keys to work on. A key is in it once however often it is added, and is never handed out to two workers at once: added while it is worked
 * on, it comes again after `done`.
 */
export interface Queue {
  add(key: string, priority?: Priority): void;
  /** Adds in `ms` milliseconds; of several such times for one key the earliest counts. */
  addAfter(key: string, ms: number): void;
  /** Counts a failure and adds the key after its back-off, no sooner than `minimumMs`. @returns milliseconds until then. */
  retry(key: string, minimumMs?: number): number;
  /** Ends the back-off of a key. */
  forget(key: string): void;
  /** Consecutive failures of a key. */
  failures(key: string): number;
  /** The next key, waiting for one; undefined once the queue is shut down and empty. Each key taken must be given to `done`. */
  take(): Promise<string | undefined>;
  done(key: string): void;
  /** Makes every delayed key due now. */
  releaseDelayed(): void;
  /** Takes no more keys, drops the delayed ones, and hands out what is left; with `discard` that is dropped too. */
  shutdown(options?: { readonly discard?: boolean }): void;
  /** Resolves when nothing is queued or being worked on; delayed keys do not count. */
  idle(): Promise<void>;
  /** Keys that wait to be taken, without the delayed ones. */
  readonly depth: number;
  readonly delayed: number;
}

interface Item {
  readonly key: string;
  priority: Priority;
  /** Waits in a line. */
  queued: boolean;
  working: boolean;
  /** Monotonic milliseconds. */
  addedAt: number;
  startedAt: number;
}

/** After so many keys of normal priority one of low priority goes first, so that a steady stream of changes starves nobody. */
const normalRun = 8;

/** First in, first out, in amortised constant time. */
class Line {
  #items: Item[] = [];
  #head = 0;

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Skips items that have meanwhile been moved or taken elsewhere. */
  shift(priority: Priority): Item | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head]!;
      this.#head += 1;
      if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
        this.#items = this.#items.slice(this.#head);
        this.#head = 0;
      }
      if (item.queued && !item.working && item.priority === priority) return item;
    }
    this.#items = [];
    this.#head = 0;
    return undefined;
  }
}

export function createQueue(options: QueueOptions): Queue {
  const { clock, metrics } = options;
  const failures = new KeyFailures(options.backoff ?? { firstMs: 5, maxMs: 60_000 });
  const bucket = new TokenBucket(clock, options.retryRate ?? { perSecond: 10, burst: 100 });
  const items = new Map<string, Item>();
  const normal = new Line();
  const low = new Line();
  let takers: ((key: string | undefined) => void)[] = [];
  let idlers: (() => void)[] = [];
  let depth = 0;
  let working = 0;
  let sinceLow = 0;
  let closed = false;

  const delays = new Delays(clock, (key) => queue.add(key));
  metrics?.observe(() => {
    const now = clock.monotonic();
    let unfinished = 0;
    let longest = 0;
    for (const item of items.values()) {
      if (!item.working) continue;
      unfinished += now - item.startedAt;
      longest = Math.max(longest, now - item.startedAt);
    }
    return { depth, unfinishedSeconds: unfinished / 1000, longestRunningSeconds: longest / 1000 };
  });

  function enqueue(item: Item): void {
    depth += 1;
    (item.priority === 'normal' ? normal : low).push(item);
    if (takers.length === 0) return;
    const key = next();
    if (key !== undefined) takers.shift()!(key);
  }

  function next(): string | undefined {
    const lowFirst = sinceLow >= normalRun;
    const item = (lowFirst ? low.shift('low') : undefined) ?? normal.shift('normal') ?? low.shift('low');
    if (item === undefined) return undefined;
    sinceLow = item.priority === 'low' ? 0 : sinceLow + 1;
    depth -= 1;
    working += 1;
    item.queued = false;
    item.working = true;
    item.startedAt = clock.monotonic();
    metrics?.taken((item.startedAt - item.addedAt) / 1000);
    return item.key;
  }

  function settle(): void {
    if (depth > 0 || working > 0) return;
    const waiting = idlers;
    idlers = [];
    for (const resolve of waiting) resolve();
    if (!closed) return;
    const last = takers;
    takers = [];
    for (const resolve of last) resolve(undefined);
  }

  const queue: Queue = {
    add(key, priority = 'normal') {
      if (closed) return;
      const item = items.get(key);
      if (item === undefined) {
        const fresh = { key, priority, queued: true, working: false, addedAt: clock.monotonic(), startedAt: 0 };
        items.set(key, fresh);
        metrics?.added();
        enqueue(fresh);
        return;
      }
      if (item.queued) {
        if (priority === 'normal' && item.priority === 'low') {
          item.priority = 'normal';
          if (!item.working) normal.push(item);
        }
        return;
      }
      item.queued = true;
      item.priority = priority;
      item.addedAt = clock.monotonic();
      metrics?.added();
    },
    addAfter(key, ms) {
      if (closed) return;
      if (ms > 0) delays.add(key, ms);
      else queue.add(key);
    },
    retry(key, minimumMs = 0) {
      const delay = Math.max(failures.fail(key), bucket.take(), minimumMs);
      metrics?.retried();
      queue.addAfter(key, delay);
      return delay;
    },
    forget: (key) => failures.forget(key),
    failures: (key) => failures.count(key),
    take() {
      const key = next();
      if (key !== undefined) return Promise.resolve(key);
      if (closed && working === 0) return Promise.resolve(undefined);
      return new Promise((resolve) => takers.push(resolve));
    },
    done(key) {
      const item = items.get(key);
      if (item === undefined || !item.working) throw new RangeError(`${key} is not being worked on`);
      item.working = false;
      working -= 1;
      metrics?.done((clock.monotonic() - item.startedAt) / 1000);
      if (item.queued) enqueue(item);
      else items.delete(key);
      settle();
    },
    releaseDelayed: () => delays.releaseAll(),
    shutdown({ discard = false } = {}) {
      closed = true;
      delays.clear();
      if (discard) {
        for (const item of items.values()) {
          if (item.queued && !item.working) {
            items.delete(item.key);
            depth -= 1;
          }
          item.queued = false;
        }
      }
      settle();
    },
    idle() {
      if (depth === 0 && working === 0) return Promise.resolve();
      return new Promise((resolve) => idlers.push(resolve));
    },
    get depth() {
      return depth;
    },
    get delayed() {
      return delays.size;
    },
  };
  return queue;
}
