import type { Clock } from '@kaito/kube';

/** When what is under way at Azure may be looked at again: events in the cluster that come sooner cause no request. */
export class PollPace {
  readonly #clock: Clock;
  readonly #dueAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Azure is not to be asked for so long, ms. */
  wait(key: string, ms: number): void {
    this.#dueAt.set(key, this.#clock.monotonic() + ms);
  }

  /** ms until it may be asked; 0: now. */
  dueIn(key: string): number {
    return Math.max(0, (this.#dueAt.get(key) ?? 0) - this.#clock.monotonic());
  }

  forget(key: string): void {
    this.#dueAt.delete(key);
  }
}
