import type { Clock } from '@kaito/kube';

/** Turns at the pool operations of one cluster, in the order in which they were asked for. */
export interface PoolQueue {
  /**
   * Asks for a turn, and keeps the place until `leave`. False: it is not yet the turn, and `wake` is called when it is. Whoever has the turn
   * keeps it while its operation runs.
   */
  enter(key: string, wake: () => void): boolean;
  /** An operation of this key is under way from before this process began; it has the turn, whatever the limit. */
  resume(key: string): void;
  /** AKS said that another operation is in progress: back to the head of the queue. @param retryAfterMs as AKS asked */
  refused(key: string, retryAfterMs?: number): void;
  /** The operation is over, or no longer wanted. */
  leave(key: string): void;
  readonly running: number;
  readonly waiting: number;
}

/** How long what AKS refused is believed, ms; then one more at once is tried. Our choice. */
const believeMs = 600_000;
/** Wait where AKS is busy with an operation that is not ours and does not say for how long, ms. Our choice. */
const strangersMs = 5_000;

/**
 * AKS lets some pool operations of a cluster run side by side and refuses others, by rules that are not written down. So up to `most` are
 * begun, a refusal lowers the limit to what was running at that moment, and no request is spent on trying sooner than one of those is over.
 */
export function createPoolQueue({ most, clock }: { readonly most: number; readonly clock: Clock }): PoolQueue {
  const running = new Set<string>();
  let waiting = new Map<string, () => void>();
  let limit = most;
  let learnedAt = 0;
  let closedUntil = 0;
  let cancel: (() => void) | undefined;

  function admit(): void {
    const now = clock.monotonic();
    if (limit < most && now - learnedAt >= believeMs) {
      limit += 1;
      learnedAt = now;
    }
    if (waiting.size === 0) return;
    if (now < closedUntil) {
      cancel ??= clock.after(
        closedUntil - now,
        () => {
          cancel = undefined;
          admit();
        },
        { unref: true },
      );
      return;
    }
    for (const [key, wake] of waiting) {
      if (running.size >= limit) return;
      waiting.delete(key);
      running.add(key);
      wake();
    }
  }

  return {
    enter(key, wake) {
      if (running.has(key)) return true;
      // The one that asks needs no call.
      waiting.set(key, () => {});
      admit();
      if (running.has(key)) return true;
      waiting.set(key, wake);
      return false;
    },
    resume(key) {
      waiting.delete(key);
      running.add(key);
    },
    refused(key, retryAfterMs) {
      const now = clock.monotonic();
      running.delete(key);
      const wake = waiting.get(key) ?? (() => {});
      waiting = new Map([[key, wake], ...waiting]);
      limit = Math.max(1, Math.min(limit, running.size));
      learnedAt = now;
      // With none of ours under way, nothing of ours ends: time alone tells.
      if (running.size === 0) closedUntil = now + (retryAfterMs ?? strangersMs);
    },
    leave(key) {
      waiting.delete(key);
      if (running.delete(key)) admit();
    },
    get running() {
      return running.size;
    },
    get waiting() {
      return waiting.size;
    },
  };
}
