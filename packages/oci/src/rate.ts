/** How much of the past a rate looks at, in ms. */
const WINDOW_MS = 5000;

export interface Rate {
  readonly bytesPerSecond?: number;
  /** Until `totalBytes` are done at this rate. */
  readonly secondsLeft?: number;
}

/** The rate of a transfer over the last seconds. `now` is a monotonic clock in ms. */
export class RateMeter {
  readonly #now: () => number;
  #samples: { readonly at: number; readonly done: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a sample: bytes done so far, of `totalBytes`. Without a rate where nothing can be said yet. */
  sample(doneBytes: number, totalBytes: number | undefined): Rate {
    const at = this.#now();
    while (this.#samples[0] !== undefined && at - this.#samples[0].at > WINDOW_MS && this.#samples.length > 1) {
      this.#samples.shift();
    }
    const oldest = this.#samples[0];
    this.#samples.push({ at, done: doneBytes });
    if (oldest === undefined || at <= oldest.at || doneBytes < oldest.done) return {};
    const bytesPerSecond = ((doneBytes - oldest.done) / (at - oldest.at)) * 1000;
    if (bytesPerSecond === 0 || totalBytes === undefined) return { bytesPerSecond };
    return { bytesPerSecond, secondsLeft: Math.max(0, totalBytes - doneBytes) / bytesPerSecond };
  }
}
