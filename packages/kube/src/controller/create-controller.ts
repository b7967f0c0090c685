import { ApiError, isConflict } from '../client/errors.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { KubeObject } from '../object.ts';
import { createQueue } from '../queue/queue.ts';
import type { Priority, Queue, QueueMetrics, QueueOptions } from '../queue/queue.ts';
import { TerminalError } from './reconcile.ts';
import type { Reconcile, Result, Source } from './reconcile.ts';

/** How one reconcile ended. */
export type Outcome = 'success' | 'error' | 'requeue_after';

/** What a controller tells about itself. */
export interface ControllerMetrics {
  readonly queue: QueueMetrics;
  started(): void;
  finished(outcome: Outcome, seconds: number, terminal: boolean): void;
}

export interface ControllerOptions {
  readonly name: string;
  /** Their changes put keys into the queue; reconciles begin when all of them are synced. */
  readonly sources: readonly Source[];
  readonly reconcile: Reconcile;
  /** Keys worked on at once; default 1. */
  readonly concurrency?: number;
  readonly queue?: Pick<QueueOptions, 'backoff' | 'retryRate'>;
  /** After so long the signal of a reconcile aborts; default: never. */
  readonly reconcileTimeoutMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: ControllerMetrics;
  /** Told of every failed reconcile, beside the log. */
  readonly onError?: (key: string, error: unknown) => void;
}

export interface Controller extends Runnable {
  /** Puts a key into the queue from elsewhere. */
  enqueue(key: string, priority?: Priority): void;
  /** Keys that wait, without those that are delayed or worked on. */
  readonly depth: number;
  /** Resolves when nothing waits nor is worked on; delayed keys do not count. */
  idle(): Promise<void>;
}

/** Keeps a source typed by its own object among the sources of a controller. */
export function source<T extends KubeObject>(informer: Source<T>['informer'], keys: Source<T>['keys']): Source {
  return { informer, keys } as unknown as Source;
}

/**
 * A loop that reconciles the keys its sources give it: at most `concurrency` at once, never the same key twice at once, failures again with
 * back-off. It may be run again after it has ended (a new term as the leader).
 */
export function createController(options: ControllerOptions): Controller {
  const { name, clock, metrics, sources } = options;
  const logger = options.logger.with({ controller: name });
  const newQueue = () =>
    createQueue({ clock, ...options.queue, ...(metrics === undefined ? {} : { metrics: metrics.queue }) });
  let queue = newQueue();

  async function work(queue: Queue, signal: AbortSignal): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      try {
        await once(queue, key, signal);
      } finally {
        queue.done(key);
      }
    }
  }

  async function once(queue: Queue, key: string, signal: AbortSignal): Promise<void> {
    const failures = queue.failures(key);
    const startedAt = clock.monotonic();
    metrics?.started();
    let outcome: Outcome = 'success';
    let terminal = false;
    try {
      const result = await limited(key, failures, signal);
      queue.forget(key);
      if (result?.requeueAfterMs !== undefined) {
        outcome = 'requeue_after';
        queue.addAfter(key, result.requeueAfterMs);
      }
    } catch (error) {
      outcome = 'error';
      // What breaks because it is told to stop is no failure; the next run begins with every key anyway.
      if (signal.aborted) return;
      terminal = error instanceof TerminalError;
      if (terminal) {
        queue.forget(key);
        logger.log('error', 'reconcile failed for good', { object: key, error });
      } else {
        const atLeast = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
        const retryInMs = Math.round(queue.retry(key, atLeast));
        logger.log(isConflict(error) ? 'debug' : 'error', 'reconcile failed', {
          object: key,
          failures: failures + 1,
          retryInMs,
          error,
        });
      }
      options.onError?.(key, error);
    } finally {
      metrics?.finished(outcome, (clock.monotonic() - startedAt) / 1000, terminal);
    }
  }

  async function limited(key: string, failures: number, signal: AbortSignal): Promise<Result | void> {
    const context = { logger: logger.with({ object: key }), failures };
    const limitMs = options.reconcileTimeoutMs;
    if (limitMs === undefined) return await options.reconcile(key, { ...context, signal });
    const own = new AbortController();
    const stop = () => own.abort(signal.reason);
    const cancel = clock.after(limitMs, () =>
      own.abort(new Error(`reconcile of ${key} took longer than ${limitMs} ms`)),
    );
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await options.reconcile(key, { ...context, signal: own.signal });
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  return {
    name,
    group: 'leader',
    enqueue: (key, priority) => queue.add(key, priority),
    get depth() {
      return queue.depth;
    },
    idle: () => queue.idle(),
    async run(signal) {
      const current = queue;
      const unsubscribe: (() => void)[] = [];
      const stop = () => current.shutdown({ discard: true });
      try {
        for (const { informer, keys } of sources) {
          unsubscribe.push(
            informer.onChange((change) => {
              const priority = change.type === 'added' && change.initial === true ? 'low' : 'normal';
              for (const key of keys(change)) current.add(key, priority);
            }),
          );
        }
        await Promise.all(sources.map(({ informer }) => informer.whenSynced(signal)));
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
        await Promise.all(Array.from({ length: options.concurrency ?? 1 }, () => work(current, signal)));
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        for (const end of unsubscribe) end();
        signal.removeEventListener('abort', stop);
        current.shutdown({ discard: true });
        queue = newQueue();
      }
    },
  };
}
