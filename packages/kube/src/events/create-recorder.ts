import { randomBytes } from 'node:crypto';
import type { Client } from '../client/client.ts';
import { ApiError, isNotFound } from '../client/errors.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { KubeObject, Resource } from '../object.ts';
import { rfc3339 } from '../objects/conditions.ts';
import { createQueue } from '../queue/queue.ts';
import { TokenBucket } from '../queue/rate-limit.ts';
import type { Rate } from '../queue/rate-limit.ts';
import { sleep } from '../sleep.ts';
import type { EventContent, EventRecorder } from './recorder.ts';

/** core/v1 Event: `kubectl get events --sort-by=.lastTimestamp` and its age columns work with it, which they do not with events.k8s.io/v1. */
export const events: Resource = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };

export interface EventRecorderOptions {
  readonly client: Client;
  /** Who reports, e.g. `kaito-workspace`; kubectl shows it under FROM. */
  readonly component: string;
  /** Which process of it; usually the pod's name. */
  readonly instance: string;
  /** Of all writes; default 20 per second, burst 50. */
  readonly rate?: Rate;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The same event within this time after the last is counted, not written anew. */
const sameMs = 120_000;
/** A count that goes on rising is written no more often. */
const countMs = 15_000;
/** Events kept in memory; the oldest are forgotten (and counted from one again), those not yet written are dropped. */
const keepAtMost = 4_096;
const tries = 4;
/** What the API server allows. */
const longestMessage = 1_024;
const longestReason = 128;

interface Entry {
  readonly about: KubeObject;
  readonly content: EventContent;
  readonly name: string;
  readonly firstAt: Date;
  lastAt: Date;
  /** Monotonic milliseconds. */
  lastSeen: number;
  lastWritten: number;
  count: number;
  writtenCount: number;
}

/** A recorder that writes in the background. It keeps no timer running while there is nothing to write. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, logger } = options;
  const entries = new Map<string, Entry>();
  const queue = createQueue({ clock, backoff: { firstMs: 500, maxMs: 10_000 } });
  const bucket = new TokenBucket(clock, options.rate ?? { perSecond: 20, burst: 50 });
  const never = new AbortController().signal;
  let writing = false;

  function start(): void {
    if (writing) return;
    writing = true;
    void work();
  }

  async function work(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      const entry = entries.get(key);
      if (entry !== undefined && entry.count > entry.writtenCount) {
        const wait = bucket.take();
        if (wait > 0) await sleep(clock, wait, never);
        if (entry.count > entry.writtenCount) await tryWrite(key, entry);
      }
      queue.done(key);
    }
  }

  async function tryWrite(key: string, entry: Entry): Promise<void> {
    const { count } = entry;
    try {
      await write(entry);
      entry.writtenCount = count;
      entry.lastWritten = clock.monotonic();
      queue.forget(key);
      if (entry.count > count) queue.addAfter(key, countMs);
    } catch (error) {
      const hopeless = error instanceof ApiError && error.status.code < 500 && error.status.code !== 429;
      const wanted = entry.writtenCount < count;
      if (wanted && !hopeless && queue.failures(key) + 1 < tries) {
        queue.retry(key, error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0);
        return;
      }
      entry.writtenCount = count;
      queue.forget(key);
      logger.log('debug', 'an event was dropped', {
        reason: entry.content.reason,
        about: entry.about.metadata.name,
        error,
      });
    }
  }

  async function write(entry: Entry): Promise<void> {
    const namespace = entry.about.metadata.namespace ?? 'default';
    if (entry.writtenCount > 0) {
      const body = { count: entry.count, lastTimestamp: rfc3339(entry.lastAt) };
      try {
        await client.patch(events, { namespace, name: entry.name }, { type: 'merge', body });
        return;
      } catch (error) {
        // The server forgets events after an hour or so.
        if (!isNotFound(error)) throw error;
      }
    }
    await client.create(events, eventOf(entry, namespace));
  }

  function eventOf(entry: Entry, namespace: string): KubeObject {
    const { about, content } = entry;
    const { metadata } = about;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: entry.name, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      type: content.type,
      reason: content.reason,
      action: content.action ?? content.reason,
      message: content.message,
      firstTimestamp: rfc3339(entry.firstAt),
      lastTimestamp: rfc3339(entry.lastAt),
      count: entry.count,
      source: { component: options.component },
      reportingComponent: options.component,
      reportingInstance: options.instance,
    };
    return event;
  }

  function remember(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= keepAtMost) break;
      entries.delete(oldest);
    }
  }

  return {
    record(about, given) {
      const content = {
        ...given,
        reason: given.reason.slice(0, longestReason),
        message:
          given.message.length > longestMessage ? `${given.message.slice(0, longestMessage - 1)}…` : given.message,
      };
      const key = [
        about.metadata.uid,
        about.kind,
        about.metadata.name,
        content.type,
        content.reason,
        content.message,
      ].join('\n');
      const now = clock.monotonic();
      const known = entries.get(key);
      if (known !== undefined && now - known.lastSeen < sameMs) {
        known.count += 1;
        known.lastAt = clock.now();
        known.lastSeen = now;
        remember(key, known);
        queue.addAfter(key, Math.max(0, known.lastWritten + countMs - now));
      } else {
        const at = clock.now();
        remember(key, {
          about: slim(about),
          content,
          name: nameOf(about.metadata.name ?? ''),
          firstAt: at,
          lastAt: at,
          lastSeen: now,
          lastWritten: -Infinity,
          count: 1,
          writtenCount: 0,
        });
        queue.add(key);
      }
      start();
    },
    async flush(withinMs) {
      const late = Promise.withResolvers<void>();
      const cancel = withinMs === undefined ? undefined : clock.after(withinMs, () => late.resolve(drop()));
      await Promise.race([written(), late.promise]);
      cancel?.();
    },
  };

  async function written(): Promise<void> {
    await queue.idle();
    while (queue.delayed > 0) {
      queue.releaseDelayed();
      await queue.idle();
    }
  }

  function drop(): void {
    let dropped = 0;
    for (const [key, entry] of entries) {
      if (entry.count > entry.writtenCount) dropped += 1;
      entry.writtenCount = entry.count;
      queue.forget(key);
    }
    queue.releaseDelayed();
    if (dropped > 0)
      logger.log('warn', 'events were dropped, as they could not be written in time', { events: dropped });
  }
}

/** A recorder's end inside a manager: what was recorded is written before the process ends, within `withinMs` (default 5,000). */
export function flushOnStop(recorder: EventRecorder, withinMs = 5_000): Runnable {
  return {
    name: 'events',
    group: 'always',
    async run(signal) {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await recorder.flush(withinMs);
    },
  };
}

/** client-go's form: the object's name and a unique suffix, within 253 characters. */
function nameOf(about: string): string {
  return `${about.slice(0, 236)}.${randomBytes(8).toString('hex')}`;
}

/** What an event says of its object, so that the object itself is not kept. */
function slim(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}
