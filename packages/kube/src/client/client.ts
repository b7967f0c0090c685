import type { KubeObject, ObjectRef, Resource } from '../object.ts';

export type Subresource = 'status' | 'scale' | 'eviction' | 'log' | 'token' | 'binding' | (string & {});

/** How a patch is to be understood; the body is plain JSON. */
export type Patch =
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'strategic'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly unknown[] };

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly subresource?: Subresource;
  /** Milliseconds until the request is given up; default 30,000. */
  readonly timeoutMs?: number;
}

export interface RawOptions extends RequestOptions {
  /** The media type that is asked for; default `application/json`. */
  readonly accept?: string;
}

export interface WriteOptions extends RequestOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

export interface ListOptions extends RequestOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per page; default 500. Pages are fetched one after the other and returned together. */
  readonly pageSize?: number;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'NotOlderThan' | 'Exact';
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  /** Seconds after which the server ends the watch. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
  /** Begin with the objects that exist (`sendInitialEvents`). */
  readonly sendInitialEvents?: boolean;
}

export interface DeleteOptions extends RequestOptions {
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly gracePeriodSeconds?: number;
  /** The server refuses (409) when the object is no longer this one. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

/**
 * A connection to one API server. Every method rejects with an `ApiError` when the server refuses, with a `ConnectionError` when no answer
 * came, and with the signal's reason when it is aborted. Objects come back as the server sent them; those of a list get the `apiVersion`
 * and `kind` that the server leaves out there.
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: RequestOptions): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<List<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Server-side apply: creates or updates; `force` (default true) takes fields over from other managers. */
  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<T>;
  /** What the server answers: the object as it is now while finalizers hold it, or a `Status`. */
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject>;
  deleteCollection(resource: Resource, options: ListOptions & DeleteOptions): Promise<void>;
  /**
   * One watch until the server ends it, the signal aborts or it fails: an ERROR event (such as 410) rejects with an `ApiError`, silence
   * beyond the server's own time limit with a `ConnectionError`. Bookmarks are always asked for.
   */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Any other path of the API server, e.g. `/version`; JSON in, JSON out (text where the answer is not JSON). */
  raw(method: string, path: string, body?: unknown, options?: RawOptions): Promise<unknown>;
  /** Ends the pooled connections. */
  close(): void;
}
