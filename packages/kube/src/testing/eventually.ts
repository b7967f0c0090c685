import { systemClock } from '../clock.ts';
import type { Client, WatchOptions } from '../client/client.ts';
import { isExpired } from '../client/errors.ts';
import type { Informer } from '../informer/informer.ts';
import { keyOf } from '../object.ts';
import type { KubeObject, ObjectRef, Resource } from '../object.ts';

const defaultDeadlineMs = 60_000;

export interface Watched<T extends KubeObject> extends Pick<
  WatchOptions,
  'namespace' | 'labelSelector' | 'fieldSelector'
> {
  readonly client: Client;
  readonly resource: Resource<T>;
}

/**
 * Waits until `predicate` says yes to the objects there are, looking anew at each change and never by polling. @returns what `predicate`
 * returned. @throws Error with the objects as they were last, after `deadlineMs` (default 60 s).
 */
export async function eventually<T extends KubeObject, R>(
  source: Informer<T> | Watched<T>,
  predicate: (objects: readonly T[]) => R | undefined | false,
  deadlineMs: number = defaultDeadlineMs,
): Promise<R> {
  const stop = new AbortController();
  let late = false;
  const cancel = systemClock.after(deadlineMs, () => {
    late = true;
    stop.abort();
  });
  let seen: readonly T[] = [];
  const look = (objects: readonly T[]) => {
    seen = objects;
    return predicate(objects);
  };
  try {
    const found =
      'onChange' in source ? await fromInformer(source, look, stop.signal) : await fromWatch(source, look, stop.signal);
    if (late || found === undefined || found === false)
      throw new Error(`not so within ${deadlineMs / 1000} s; there is: ${describe(seen)}`);
    return found;
  } finally {
    cancel();
    stop.abort();
  }
}

/** Waits until one object is as `predicate` wants it, `undefined` where it is gone. Otherwise as `eventually`. */
export function eventuallyOne<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  ref: ObjectRef,
  predicate: (object: T) => boolean,
  deadlineMs?: number,
): Promise<T> {
  const { namespace } = ref;
  const watched = {
    client,
    resource,
    fieldSelector: `metadata.name=${ref.name}`,
    ...(namespace === undefined ? {} : { namespace }),
  };
  return eventually(watched, (objects) => objects.find(predicate), deadlineMs);
}

/** Waits until the object is gone. Otherwise as `eventually`. */
export async function eventuallyGone(
  client: Client,
  resource: Resource,
  ref: ObjectRef,
  deadlineMs?: number,
): Promise<void> {
  const { namespace } = ref;
  const watched = {
    client,
    resource,
    fieldSelector: `metadata.name=${ref.name}`,
    ...(namespace === undefined ? {} : { namespace }),
  };
  await eventually(watched, (objects) => objects.length === 0, deadlineMs);
}

function fromInformer<T extends KubeObject, R>(
  informer: Informer<T>,
  look: (objects: readonly T[]) => R | undefined | false,
  signal: AbortSignal,
): Promise<R | undefined | false> {
  return new Promise((resolve, reject) => {
    let stop: (() => void) | undefined;
    let pending = false;
    const end = () => {
      stop?.();
      resolve(undefined);
    };
    const check = () => {
      pending = false;
      try {
        const found = look(informer.list());
        if (found === undefined || found === false) return;
        stop?.();
        signal.removeEventListener('abort', end);
        resolve(found);
      } catch (error) {
        stop?.();
        reject(error as Error);
      }
    };
    signal.addEventListener('abort', end, { once: true });
    stop = informer.onChange(() => {
      // The handler runs inside the cache's own change; the look comes after it.
      if (!pending) queueMicrotask(check);
      pending = true;
    });
    check();
  });
}

async function fromWatch<T extends KubeObject, R>(
  { client, resource, ...selection }: Watched<T>,
  look: (objects: readonly T[]) => R | undefined | false,
  signal: AbortSignal,
): Promise<R | undefined | false> {
  for (;;) {
    const list = await client.list(resource, selection);
    const objects = new Map(list.items.map((object) => [keyOf(object), object]));
    let resourceVersion = list.resourceVersion;
    let found = look([...objects.values()]);
    while ((found === undefined || found === false) && !signal.aborted) {
      try {
        for await (const event of client.watch(resource, { ...selection, resourceVersion, signal })) {
          if (event.type === 'BOOKMARK') {
            resourceVersion = event.resourceVersion;
            continue;
          }
          resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
          if (event.type === 'DELETED') objects.delete(keyOf(event.object));
          else objects.set(keyOf(event.object), event.object);
          found = look([...objects.values()]);
          if (found !== undefined && found !== false) break;
        }
      } catch (error) {
        if (!isExpired(error)) throw error;
        break;
      }
    }
    if ((found !== undefined && found !== false) || signal.aborted) return found;
  }
}

function describe(objects: readonly KubeObject[]): string {
  if (objects.length === 0) return 'nothing';
  return objects
    .slice(0, 5)
    .map((object) => JSON.stringify({ ...object, metadata: { ...object.metadata, managedFields: undefined } }))
    .join('\n');
}
