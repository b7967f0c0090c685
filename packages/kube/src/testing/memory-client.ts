import type { Client, ListOptions, Patch, WatchEvent, WatchOptions } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import { keyOf } from '../object.ts';
import type { KubeObject, ObjectRef, Resource } from '../object.ts';
import { fieldMatcher, labelMatcher } from '../informer/selector.ts';

type Verb = 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'apply' | 'delete';

/** What a hook is told before a call takes effect; a rejection is the call's answer. */
export interface Call {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly ref?: ObjectRef;
  readonly options?: object;
}

type Happened = WatchEvent<KubeObject> & { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' };

interface Watcher {
  readonly resource: string;
  readonly selects: (object: KubeObject) => boolean;
  readonly events: (WatchEvent<KubeObject> | Error)[];
  wake: () => void;
}

/** The refusal an API server would send. */
export function refusal(code: number, reason: string, message = reason, retryAfterSeconds?: number): ApiError {
  return new ApiError({ code, reason, message }, 'memory', retryAfterSeconds);
}

/**
 * Objects in memory behind the `Client` interface, for unit tests of what uses one: resourceVersions, UIDs, conflicts, finalizers, merge patches and watches
 * behave like the API server's. Nothing is validated or defaulted, `apply` is a merge, and generations do not exist.
 */
export class MemoryClient implements Client {
  readonly calls: Call[] = [];
  /** Runs before each call; throw in it to let the call fail. */
  before: (call: Call) => void | Promise<void> = () => {};
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #history = new Map<string, Happened[]>();
  readonly #watchers = new Set<Watcher>();
  #version = 100;
  #uid = 0;
  #oldest = 0;

  get resourceVersion(): string {
    return String(this.#version);
  }

  get watching(): number {
    return this.#watchers.size;
  }

  /** The server forgets history: watches from before now are answered 410. */
  compact(): void {
    this.#oldest = this.#version;
  }

  /** Ends all watches, cleanly, or with an error by which what was under way is lost. */
  drop(error?: Error): void {
    for (const watcher of this.#watchers) {
      if (error !== undefined) watcher.events.length = 0;
      watcher.events.push(error ?? endOfWatch);
      watcher.wake();
    }
  }

  /** Sends an event to all watchers of a resource as it is, right or wrong. */
  inject(resource: Resource, event: WatchEvent<KubeObject>): void {
    for (const watcher of this.#watchers) {
      if (watcher.resource !== resource.plural) continue;
      watcher.events.push(event);
      watcher.wake();
    }
  }

  bookmark(resource: Resource): void {
    this.inject(resource, { type: 'BOOKMARK', resourceVersion: this.resourceVersion, initialEventsEnd: false });
  }

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    await this.#call({ verb: 'get', resource, ref });
    return this.#find(resource, ref);
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}) {
    await this.#call({ verb: 'list', resource, options });
    const selects = selection(options);
    const items = [...this.#of(resource).values()].filter(selects) as T[];
    return { items: structuredClone(items), resourceVersion: this.resourceVersion };
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    await this.#call({ verb: 'create', resource, ref: object.metadata as ObjectRef });
    const key = keyOf(object);
    if (this.#of(resource).has(key)) throw refusal(409, 'AlreadyExists');
    this.#uid += 1;
    return this.#store(resource, 'ADDED', { ...object, metadata: { ...object.metadata, uid: `uid-${this.#uid}` } });
  }

  async replace<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    await this.#call({ verb: 'replace', resource, ref: object.metadata as ObjectRef });
    return this.#update(resource, this.#find(resource, object.metadata as ObjectRef), object);
  }

  async patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: Patch): Promise<T> {
    await this.#call({ verb: 'patch', resource, ref, options: patch });
    if (patch.type === 'json') throw new Error('JSON patches are not supported here');
    const live = this.#find(resource, ref);
    return this.#update(resource, live, merge(live, patch.body) as T);
  }

  async apply<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const ref = object.metadata as ObjectRef;
    await this.#call({ verb: 'apply', resource, ref });
    const live = this.#of(resource).get(keyOf(object)) as T | undefined;
    if (live !== undefined) return this.#update(resource, live, merge(live, object) as T);
    this.#uid += 1;
    return this.#store(resource, 'ADDED', { ...object, metadata: { ...object.metadata, uid: `uid-${this.#uid}` } });
  }

  async delete(resource: Resource, ref: ObjectRef): Promise<KubeObject> {
    await this.#call({ verb: 'delete', resource, ref });
    const live = this.#find(resource, ref);
    if ((live.metadata.finalizers ?? []).length === 0) return this.#store(resource, 'DELETED', live);
    return this.#update(resource, live, {
      ...live,
      metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
  }

  async deleteCollection(resource: Resource): Promise<void> {
    for (const object of this.#of(resource).values()) await this.delete(resource, object.metadata as ObjectRef);
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    await this.#call({ verb: 'watch', resource, options });
    const from = Number(options.resourceVersion ?? '0');
    if (from < this.#oldest) throw refusal(410, 'Expired', 'too old resource version');
    const selects = selection(options);
    const past = (this.#history.get(resource.plural) ?? []).filter(
      (event) => Number(event.object.metadata.resourceVersion) > from,
    );
    let pending = Promise.withResolvers<void>();
    const watcher: Watcher = {
      resource: resource.plural,
      selects,
      events: [],
      wake: () => void setImmediate(() => pending.resolve()),
    };
    const abort = () => {
      watcher.events.push(options.signal?.reason as Error);
      watcher.wake();
    };
    for (const event of past) if (selects(event.object)) watcher.events.push(structuredClone(event));
    this.#watchers.add(watcher);
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      for (;;) {
        for (let next = watcher.events.shift(); next !== undefined; next = watcher.events.shift()) {
          if (next === endOfWatch) return;
          if (next instanceof Error) throw next;
          yield next as WatchEvent<T>;
        }
        pending = Promise.withResolvers();
        if (watcher.events.length === 0) await pending.promise;
      }
    } finally {
      options.signal?.removeEventListener('abort', abort);
      this.#watchers.delete(watcher);
    }
  }

  raw(): Promise<unknown> {
    return Promise.reject(new Error('there are no other paths here'));
  }

  close(): void {}

  async #call(call: Call): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }

  #of(resource: Resource): Map<string, KubeObject> {
    const existing = this.#objects.get(resource.plural);
    if (existing !== undefined) return existing;
    const fresh = new Map<string, KubeObject>();
    this.#objects.set(resource.plural, fresh);
    return fresh;
  }

  #find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): T {
    const live = this.#of(resource).get(
      keyOf({ name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }),
    );
    if (live === undefined) throw refusal(404, 'NotFound');
    return structuredClone(live) as T;
  }

  #update<T extends KubeObject>(resource: Resource<T>, live: T, next: T): T {
    const { resourceVersion, uid } = next.metadata;
    if (resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion)
      throw refusal(409, 'Conflict');
    if (uid !== undefined && uid !== live.metadata.uid) throw refusal(409, 'Conflict');
    const gone = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
    return this.#store(resource, gone ? 'DELETED' : 'MODIFIED', {
      ...next,
      metadata: { ...next.metadata, uid: live.metadata.uid! },
    });
  }

  #store<T extends KubeObject>(resource: Resource<T>, type: Happened['type'], object: T): T {
    this.#version += 1;
    const stored = structuredClone({
      ...object,
      metadata: { ...object.metadata, resourceVersion: this.resourceVersion },
    });
    const objects = this.#of(resource);
    const previous = objects.get(keyOf(stored));
    if (type === 'DELETED') objects.delete(keyOf(stored));
    else objects.set(keyOf(stored), stored);
    const history = this.#history.get(resource.plural) ?? [];
    this.#history.set(resource.plural, history);
    history.push({ type, object: stored });
    for (const watcher of this.#watchers) {
      if (watcher.resource !== resource.plural) continue;
      const was = previous !== undefined && watcher.selects(previous);
      const is = type !== 'DELETED' && watcher.selects(stored);
      if (!was && !is) continue;
      watcher.events.push({ type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: structuredClone(stored) });
      watcher.wake();
    }
    return structuredClone(stored);
  }
}

const endOfWatch = new Error('end of watch');

function selection(options: ListOptions | WatchOptions): (object: KubeObject) => boolean {
  const labels = labelMatcher(options.labelSelector ?? '');
  const fields = fieldMatcher(options.fieldSelector ?? '');
  return (object) =>
    (options.namespace === undefined || object.metadata.namespace === options.namespace) &&
    labels(object) &&
    fields(object);
}

/** RFC 7396. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target)
      ? { ...(target as Record<string, unknown>) }
      : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = merge(result[field], value);
  }
  return result;
}
