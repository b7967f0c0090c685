import type { KubeObject } from '../object.ts';

export interface EventContent {
  readonly type: 'Normal' | 'Warning';
  /** PascalCase, at most 128 characters. */
  readonly reason: string;
  /** At most 1,024 characters; cut otherwise. */
  readonly message: string;
  /** What was done, PascalCase; default: the reason. */
  readonly action?: string;
}

/**
 * Writes Events about objects. The same event of the same object within two minutes is written once and counted (`count`); a failed
 * write is retried a few times and then dropped: an event is never worth a failed reconcile. `record` never throws and never blocks.
 */
export interface EventRecorder {
  record(object: KubeObject, content: EventContent): void;
  /** Resolves when what was recorded is written or dropped; after `withinMs` what is left is dropped. */
  flush(withinMs?: number): Promise<void>;
}
