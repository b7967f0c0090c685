/**
 * Something with a life inside a manager. Groups start in this order and stop in the reverse one: `servers` (health, metrics),
 * `webhooks`, `caches` (waited for until synced), `always` (every replica), `leader` (only while this replica is the leader).
 */
export interface Runnable {
  readonly name: string;
  readonly group: 'servers' | 'webhooks' | 'caches' | 'always' | 'leader';
  /** Runs until the signal aborts, then resolves once all is put away. A rejection ends the manager. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when it is of use to those who start after it; default: at once. */
  ready?(signal: AbortSignal): Promise<void>;
  /** Why it cannot do its work at the moment, for `/readyz`; undefined when all is well. */
  notReady?(): string | undefined;
}
