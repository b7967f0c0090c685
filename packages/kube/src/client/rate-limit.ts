import type { Clock } from '../clock.ts';

interface Waiting {
  readonly start: () => void;
}

/** `burst` requests at once, then `qps` each second, first come first served. */
export class RequestLimit {
  readonly #qps: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;
  #queue: Waiting[] = [];
  #cancel: (() => void) | undefined;

  /** @throws RangeError for a rate or burst that would let nothing through. */
  constructor(limit: { readonly qps: number; readonly burst: number; readonly clock: Clock }) {
    if (!(limit.qps > 0) || !(limit.burst >= 1))
      throw new RangeError(
        `a limit of ${limit.qps} requests per second with a burst of ${limit.burst} lets nothing through`,
      );
    this.#qps = limit.qps;
    this.#burst = limit.burst;
    this.#clock = limit.clock;
    this.#tokens = limit.burst;
    this.#filledAt = limit.clock.monotonic();
  }

  /** Undefined where the request may start now, else a promise of its turn. @throws the signal's reason */
  take(signal?: AbortSignal): Promise<void> | undefined {
    this.#fill();
    if (this.#queue.length === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start() {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.#queue = this.#queue.filter((other) => other !== waiting);
        if (this.#queue.length === 0) this.#cancel?.();
        reject(signal?.reason as Error);
      };
      if (signal?.aborted === true) return leave();
      signal?.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiting);
      if (this.#queue.length === 1) this.#wait();
    });
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#qps);
    this.#filledAt = now;
  }

  #wait(): void {
    const ms = Math.max(1, Math.ceil(((1 - this.#tokens) / this.#qps) * 1000));
    this.#cancel = this.#clock.after(ms, () => {
      this.#fill();
      while (this.#queue.length > 0 && this.#tokens >= 1) {
        this.#tokens -= 1;
        this.#queue.shift()?.start();
      }
      if (this.#queue.length > 0) this.#wait();
    });
  }
}
