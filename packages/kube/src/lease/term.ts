import type { Clock } from '../clock.ts';

interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

/** Leader's work was stopped because this process no longer leads. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

/**
 * One spell as the leader. It is valid up to `renewDeadlineMs` after the beginning of the last request that renewed it; others may take the
 * Lease `leaseDurationMs` after that request reached the server, so the difference is what writes under way have left.
 *
 * Both the monotonic and the wall clock are asked and the longer time counts: the monotonic one of Linux stands still while a machine is
 * suspended, and a wall clock set forward only ends a term early.
 */
export class Term {
  readonly #clock: Clock;
  readonly #limits: { readonly renewDeadlineMs: number; readonly leaseDurationMs: number };
  readonly #abort = new AbortController();
  #renewedAt: Instant;
  #lost = false;
  #cancel: (() => void) | undefined;

  static instant(clock: Clock): Instant {
    return { monotonic: clock.monotonic(), wall: clock.now().getTime() };
  }

  /** `renewedAt`: when the request that won the Lease was begun. */
  constructor(
    clock: Clock,
    renewedAt: Instant,
    limits: { readonly renewDeadlineMs: number; readonly leaseDurationMs: number },
  ) {
    this.#clock = clock;
    this.#limits = limits;
    this.#renewedAt = renewedAt;
    this.#arm();
  }

  /** Whether leader's work may go on now. Finding the deadline passed ends the term for good. */
  get valid(): boolean {
    if (this.#abort.signal.aborted) return false;
    if (this.#elapsedMs() < this.#limits.renewDeadlineMs) return true;
    this.#lose(`the lease was not renewed within ${this.#limits.renewDeadlineMs} ms`);
    return false;
  }

  /** Aborts at the end of the term. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** It ended before the work did. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Why it ended. */
  get reason(): string | undefined {
    return this.#abort.signal.aborted ? (this.#abort.signal.reason as Error).message : undefined;
  }

  /** Milliseconds until the renew deadline. */
  get remainingMs(): number {
    return Math.max(1, this.#limits.renewDeadlineMs - this.#elapsedMs());
  }

  /** Milliseconds until another may lead; a write that is begun now must be over by then. */
  get writeMs(): number {
    return Math.max(1, this.#limits.leaseDurationMs - this.#elapsedMs());
  }

  /** A request that was begun then has renewed the Lease. */
  renewed(at: Instant): void {
    if (!this.valid) return;
    this.#renewedAt = at;
    this.#arm();
  }

  /** Ends the term because the Lease is another's, or in good order. */
  end(reason: string, options: { readonly lost?: boolean } = {}): void {
    if (this.#abort.signal.aborted) return;
    if (options.lost === true) this.#lose(reason);
    else this.#finish(reason);
  }

  #lose(reason: string): void {
    this.#lost = true;
    this.#finish(reason);
  }

  #finish(reason: string): void {
    this.#cancel?.();
    this.#abort.abort(new LeadershipLostError(reason));
  }

  #arm(): void {
    this.#cancel?.();
    const waitMs = Math.max(0, this.#limits.renewDeadlineMs - this.#elapsedMs());
    this.#cancel = this.#clock.after(waitMs, () => this.valid && this.#arm(), { unref: true });
  }

  #elapsedMs(): number {
    return Math.max(
      this.#clock.monotonic() - this.#renewedAt.monotonic,
      this.#clock.now().getTime() - this.#renewedAt.wall,
    );
  }
}
