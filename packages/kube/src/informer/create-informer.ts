import type { Client } from '../client/client.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { KubeObject, Resource } from '../object.ts';
import { ObjectCache } from './cache.ts';
import type { Informer, InformerOptions } from './informer.ts';
import { Reflector } from './reflector.ts';
import { fieldMatcher, labelMatcher } from './selector.ts';

export interface CreateInformerOptions<T extends KubeObject> extends InformerOptions<T> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Freezes cached objects; for tests. */
  readonly freeze?: boolean;
  /** Uniform in [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

export interface ReflectedInformer<T extends KubeObject = KubeObject> extends Informer<T> {
  /** Looks at once for a resource that was not installed (its CRD has come), or ends the wait after a failure. */
  recheck(): void;
}

/** `metadata.managedFields` is half of many objects and of no use to controllers. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata['managedFields'] === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/**
 * A cache of one resource that keeps itself up to date while it runs.
 * @throws SyntaxError where a selector cannot be read.
 */
export function createInformer<T extends KubeObject>(options: CreateInformerOptions<T>): ReflectedInformer<T> {
  const { client, resource, clock, namespace, labelSelector, fieldSelector } = options;
  const logger = options.logger.with({ resource: resource.plural });
  const labels = labelMatcher(labelSelector ?? '');
  const fields = fieldMatcher(fieldSelector ?? '');
  const cache = new ObjectCache<T>({
    ...(options.indexes === undefined ? {} : { indexes: options.indexes }),
    transform: options.transform ?? withoutManagedFields,
    belongs: (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) && labels(object) && fields(object),
    freeze: options.freeze ?? false,
    clock,
    logger,
  });
  const { store } = cache;
  let synced = false;
  let available = true;
  let waiting: (() => void)[] = [];
  const sync = () => {
    synced = true;
    const resolvers = waiting;
    waiting = [];
    for (const resolve of resolvers) resolve();
  };

  const reflector = new Reflector<T>(
    {
      client,
      resource,
      clock,
      logger: options.logger,
      random: options.random ?? Math.random,
      ...(options.optional === undefined ? {} : { optional: options.optional }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    },
    {
      replace(list) {
        available = true;
        cache.replace(list.items, list.resourceVersion, !synced);
        sync();
      },
      changed: (object) => cache.put(object),
      deleted: (object) => cache.end(object),
      unavailable() {
        if (available) logger.log('info', 'resource is not installed; it will be looked for again');
        available = false;
        cache.clear();
        sync();
      },
    },
  );

  return {
    resource,
    get synced() {
      return synced;
    },
    get available() {
      return available;
    },
    get size() {
      return store.size;
    },
    get: (ref) => store.get(ref),
    list: (namespace) => store.list(namespace),
    byIndex: (index, value) => store.byIndex(index, value),
    whenSynced(signal) {
      if (synced) return Promise.resolve();
      signal?.throwIfAborted();
      return new Promise((resolve, reject) => {
        const aborted = () => {
          waiting = waiting.filter((other) => other !== done);
          reject(signal?.reason as Error);
        };
        const done = () => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        };
        waiting.push(done);
        signal?.addEventListener('abort', aborted, { once: true });
      });
    },
    onChange: (handler) => cache.onChange(handler),
    remember: (object) => cache.put(object, { own: true }),
    forget: (ref, uid) => cache.forget(ref, uid),
    run: (signal) => reflector.run(signal),
    recheck: () => reflector.recheck(),
  };
}

/** An informer as a part of a manager: of use once it is synced. */
export function cacheOf(informer: Informer, name: string = informer.resource.plural): Runnable {
  return {
    name,
    group: 'caches',
    run: (signal) => informer.run(signal),
    ready: (signal) => informer.whenSynced(signal),
    notReady: () => (informer.synced ? undefined : 'the first list has not come yet'),
  };
}
