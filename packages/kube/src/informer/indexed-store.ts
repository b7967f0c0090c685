import { keyOf } from '../object.ts';
import type { KubeObject, ObjectRef } from '../object.ts';
import type { IndexFunction, Store } from './informer.ts';

const nothing: readonly never[] = [];

/** Objects by key, and keys by the values of each index. Indexes are kept up with every change; no copies are made. */
export class IndexedStore<T extends KubeObject> implements Store<T> {
  readonly #objects = new Map<string, T>();
  readonly #functions: readonly (readonly [IndexFunction<T>, Map<string, Set<string>>])[];
  readonly #byName: ReadonlyMap<string, Map<string, Set<string>>>;

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    const entries = Object.entries(indexes).map(
      ([name, values]) => [name, values, new Map<string, Set<string>>()] as const,
    );
    this.#functions = entries.map(([, values, index]) => [values, index]);
    this.#byName = new Map(entries.map(([name, , index]) => [name, index]));
  }

  get size(): number {
    return this.#objects.size;
  }

  get(ref: ObjectRef | string): T | undefined {
    return this.#objects.get(typeof ref === 'string' ? ref : keyOf(ref));
  }

  list(namespace?: string): readonly T[] {
    if (namespace === undefined) return [...this.#objects.values()];
    const found: T[] = [];
    for (const object of this.#objects.values()) if (object.metadata.namespace === namespace) found.push(object);
    return found;
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#byName.get(name);
    if (index === undefined) throw new RangeError(`no index ${JSON.stringify(name)} was declared`);
    const keys = index.get(value);
    if (keys === undefined) return nothing;
    const found: T[] = [];
    for (const key of keys) found.push(this.#objects.get(key)!);
    return found;
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** @returns what stood under this key before. */
  set(key: string, object: T): T | undefined {
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const [values, index] of this.#functions) {
      const next = values(object);
      if (previous !== undefined) {
        for (const value of values(previous)) if (!next.includes(value)) drop(index, value, key);
      }
      for (const value of next) {
        const keys = index.get(value);
        if (keys === undefined) index.set(value, new Set([key]));
        else keys.add(key);
      }
    }
    return previous;
  }

  /** @returns what stood under this key. */
  delete(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    this.#objects.delete(key);
    for (const [values, index] of this.#functions) for (const value of values(previous)) drop(index, value, key);
    return previous;
  }
}

function drop(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys === undefined) return;
  keys.delete(key);
  if (keys.size === 0) index.delete(value);
}
