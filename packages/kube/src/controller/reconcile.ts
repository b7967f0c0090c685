import type { KubeObject } from '../object.ts';
import type { Change, Informer } from '../informer/informer.ts';
import type { Logger } from '../logger.ts';

/** What a reconcile asks for. Nothing: the key rests until something changes. */
export interface Result {
  /** Milliseconds until the key is looked at again. */
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Consecutive failures of this key before this run. */
  readonly failures: number;
}

/**
 * Brings the world nearer to what is wanted for one key. Never runs twice at once for the same key. A rejection is retried with
 * back-off, `TerminalError` excepted; `ApiError`s with `retryAfterSeconds` are retried no sooner than they say.
 */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<Result | void>;

/** Retrying cannot help before something changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** Changes of `informer` that put keys into the queue. */
export interface Source<T extends KubeObject = KubeObject> {
  readonly informer: Informer<T>;
  /** Keys to look at for a change. */
  readonly keys: (change: Change<T>) => Iterable<string>;
}
