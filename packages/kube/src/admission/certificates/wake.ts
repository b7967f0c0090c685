import type { Clock } from '../../clock.ts';
import { sleep } from '../../sleep.ts';

/** Lets a loop wait for time or for a call, whichever comes first. A call that comes while nobody waits ends the next wait at once. */
export class Wake {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #call = new AbortController();

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  now(): void {
    this.#call.abort();
  }

  /** Resolves after `ms`, when called, or when the signal aborts. */
  async within(ms: number): Promise<void> {
    await sleep(this.#clock, ms, AbortSignal.any([this.#call.signal, this.#signal]));
    this.#call = new AbortController();
  }
}
