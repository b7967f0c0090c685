import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { keyOf } from '../object.ts';
import type { KubeObject, ObjectRef } from '../object.ts';
import { deepFreeze } from './freeze.ts';
import { Graves } from './graves.ts';
import { IndexedStore } from './indexed-store.ts';
import type { Change, IndexFunction } from './informer.ts';
import { compareResourceVersions, isNewer } from './resource-version.ts';

export interface CacheOptions<T extends KubeObject> {
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  readonly transform: (object: T) => T;
  /** Whether an object belongs here (namespace and selectors). */
  readonly belongs: (object: T) => boolean;
  readonly freeze: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Merges lists, watch events and this process's own writes into one store in which no object ever goes back in time, and tells every
 * change in order. It does no I/O.
 */
export class ObjectCache<T extends KubeObject> {
  readonly store: IndexedStore<T>;
  readonly #options: CacheOptions<T>;
  readonly #graves: Graves;
  readonly #handlers = new Set<(change: Change<T>) => void>();
  readonly #changes: Change<T>[] = [];
  #telling = false;

  constructor(options: CacheOptions<T>) {
    this.#options = options;
    this.store = new IndexedStore(options.indexes);
    this.#graves = new Graves(options.clock);
  }

  /** Takes over a complete list as of `resourceVersion`. What is newer here than that list stays as it is. */
  replace(items: readonly T[], resourceVersion: string, initial: boolean): void {
    const listed = new Set<string>();
    for (const item of items) {
      listed.add(keyOf(item));
      this.put(item, { initial });
    }
    for (const key of this.store.keys()) {
      if (listed.has(key)) continue;
      const object = this.store.get(key)!;
      if (isNewer(object.metadata.resourceVersion, resourceVersion)) continue;
      this.#remove(key, { stale: true }, resourceVersion);
    }
  }

  /** An object as it was at its resourceVersion; older ones than what is here are ignored. */
  put(object: T, from: { readonly initial?: boolean; readonly own?: boolean } = {}): void {
    const { resourceVersion, uid } = object.metadata;
    if (this.#graves.holds(uid, resourceVersion)) return;
    const key = keyOf(object);
    const previous = this.store.get(key);
    if (previous !== undefined) {
      const order = compareResourceVersions(resourceVersion, previous.metadata.resourceVersion);
      if (order === undefined ? resourceVersion === previous.metadata.resourceVersion : order <= 0) return;
    }
    if (!this.#options.belongs(object)) {
      if (previous?.metadata.uid === uid) this.#remove(key, { stale: false, ...own(from) }, resourceVersion);
      return;
    }
    if (previous !== undefined && previous.metadata.uid !== uid) this.#remove(key, { stale: true }, undefined);
    const kept = this.#options.transform(object);
    if (this.#options.freeze) deepFreeze(kept);
    const before = this.store.set(key, kept);
    if (before === undefined) {
      this.#tell({ type: 'added', object: kept, ...(from.initial === true ? { initial: true } : {}), ...own(from) });
    } else {
      this.#tell({ type: 'updated', object: kept, previous: before, ...own(from) });
    }
  }

  /** The watch told of its end (or that it left the selection); `object` is its last state. */
  end(object: T): void {
    const { uid, resourceVersion } = object.metadata;
    const key = keyOf(object);
    const here = this.store.get(key);
    if (here !== undefined && here.metadata.uid === uid && !isNewer(here.metadata.resourceVersion, resourceVersion)) {
      this.#remove(key, { stale: false }, resourceVersion, object);
    } else {
      this.#graves.bury(uid, resourceVersion);
    }
  }

  /** This process knows that the object of this UID is gone. */
  forget(ref: ObjectRef, uid: string): void {
    const key = keyOf(ref);
    if (this.store.get(key)?.metadata.uid === uid) this.#remove(key, { stale: false, own: true }, undefined);
    else this.#graves.bury(uid, undefined);
  }

  /** The resource itself is gone, and all objects with it. */
  clear(): void {
    for (const key of this.store.keys()) this.#remove(key, { stale: true }, undefined);
  }

  onChange(handler: (change: Change<T>) => void): () => void {
    const guarded = (change: Change<T>) => {
      try {
        handler(change);
      } catch (error) {
        this.#options.logger.log('error', 'a handler of changes failed', { object: keyOf(change.object), error });
      }
    };
    for (const object of this.store.list()) guarded({ type: 'added', object, initial: true });
    this.#handlers.add(guarded);
    return () => this.#handlers.delete(guarded);
  }

  #remove(
    key: string,
    how: { readonly stale: boolean; readonly own?: boolean },
    until: string | undefined,
    last?: T,
  ): void {
    const removed = this.store.delete(key)!;
    this.#graves.bury(removed.metadata.uid, until);
    const object = last === undefined ? removed : this.#options.transform(last);
    if (this.#options.freeze) deepFreeze(object);
    this.#tell({ type: 'deleted', object, ...how });
  }

  /** In order, also when a handler causes the next change. */
  #tell(change: Change<T>): void {
    this.#changes.push(change);
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#changes.shift(); next !== undefined; next = this.#changes.shift()) {
      for (const handler of this.#handlers) handler(next);
    }
    this.#telling = false;
  }
}

function own(from: { readonly own?: boolean }): { readonly own?: true } {
  return from.own === true ? { own: true } : {};
}
