import type { WeightSource, WeightsProgress } from './request.ts';

/** How much of the past the rate looks at, in ms. */
const WINDOW_MS = 5000;
/** Events closer together than this, in ms, are merged. */
const INTERVAL_MS = 100;

/** Turns byte counts into progress events with a rate over the last seconds and the time left. */
export class ProgressMeter {
  readonly #emit: (progress: WeightsProgress) => void;
  readonly #now: () => number;
  #phase = '';
  #samples: { readonly at: number; readonly done: number }[] = [];
  #lastAt = -Infinity;

  /** `now` is a monotonic clock in ms. */
  constructor(emit: (progress: WeightsProgress) => void, now: () => number) {
    this.#emit = emit;
    this.#now = now;
  }

  /** Reports bytes done so far in a step; the first and the last event of a step are never left out. */
  report(source: WeightSource['type'], step: WeightsProgress['step'], doneBytes: number, totalBytes?: number): void {
    const at = this.#now();
    const phase = `${source} ${step}`;
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#samples = [];
      this.#lastAt = -Infinity;
    }
    const last = doneBytes === totalBytes;
    if (at - this.#lastAt < INTERVAL_MS && !last) return;
    this.#lastAt = at;
    while (this.#samples[0] !== undefined && at - this.#samples[0].at > WINDOW_MS && this.#samples.length > 1) {
      this.#samples.shift();
    }
    const oldest = this.#samples[0];
    this.#samples.push({ at, done: doneBytes });
    const rate =
      oldest === undefined || at <= oldest.at || doneBytes < oldest.done
        ? undefined
        : ((doneBytes - oldest.done) / (at - oldest.at)) * 1000;
    this.#emit({
      source,
      step,
      doneBytes,
      ...(totalBytes === undefined ? {} : { totalBytes }),
      ...(rate === undefined ? {} : { bytesPerSecond: rate }),
      ...(rate === undefined || rate === 0 || totalBytes === undefined
        ? {}
        : { secondsLeft: Math.max(0, totalBytes - doneBytes) / rate }),
    });
  }
}
