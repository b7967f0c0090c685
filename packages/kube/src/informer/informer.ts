import type { KubeObject, ObjectRef, Resource } from '../object.ts';

/** Values under which an object is found; e.g. the UIDs of its owners. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** What changed in a cache. `stale` on a deletion: the object may have changed between what is shown and its end (it was missed in a watch gap). */
export type Change<T> =
  /** `initial`: it was there before anybody looked (first list, or a handler that came later); such floods may wait behind real changes. */
  | { readonly type: 'added'; readonly object: T; readonly initial?: boolean; readonly own?: boolean }
  /** `own`: this process wrote it (`remember`, `forget`). */
  | { readonly type: 'updated'; readonly object: T; readonly previous: T; readonly own?: boolean }
  | { readonly type: 'deleted'; readonly object: T; readonly stale: boolean; readonly own?: boolean };

/** A read-only view of the cached objects of one resource. Objects are shared: never change one (frozen in tests). */
export interface Store<T extends KubeObject> {
  get(ref: ObjectRef | string): T | undefined;
  /** All, or those of one namespace; order is not defined. */
  list(namespace?: string): readonly T[];
  /** Objects that the named index puts under `value`. @throws RangeError for an index that was not declared. */
  byIndex(index: string, value: string): readonly T[];
  readonly size: number;
}

export interface Informer<T extends KubeObject = KubeObject> extends Store<T> {
  readonly resource: Resource<T>;
  /** The first complete list is in the cache. */
  readonly synced: boolean;
  /** False while the server does not know the resource (`optional` informers only). */
  readonly available: boolean;
  whenSynced(signal?: AbortSignal): Promise<void>;
  /** Called for every change, and once as `added` for every object that is already there. Returns the way to stop. */
  onChange(handler: (change: Change<T>) => void): () => void;
  /**
   * Writes through: an object that this process got back from a write is in the cache at once, so that the next reconcile sees its own
   * deeds. Events that are older (by resourceVersion, compared as numbers) are ignored afterwards.
   */
  remember(object: T): void;
  /** Writes through a deletion that has completed; a later object of that name with another UID is a new one. */
  forget(ref: ObjectRef, uid: string): void;
  /** Lists and watches until the signal aborts; never stops by itself. */
  run(signal: AbortSignal): Promise<void>;
}

export interface InformerOptions<T extends KubeObject> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** The resource may not be installed (a CRD of others): then the cache is empty and synced, and it is looked for again now and then. */
  readonly optional?: boolean;
  /** Makes objects smaller before they are cached; by default `metadata.managedFields` is dropped. */
  readonly transform?: (object: T) => T;
}
