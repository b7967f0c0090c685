import { RateMeter } from '@kaito/oci';
import type { WeightSource, WeightsProgress } from './request.ts';

/** Events closer together than this, in ms, are merged. */
const INTERVAL_MS = 100;

/** Turns byte counts into progress events with a rate over the last seconds and the time left. */
export class ProgressMeter {
  readonly #emit: (progress: WeightsProgress) => void;
  readonly #now: () => number;
  #phase = '';
  #rate: RateMeter;
  #lastAt = -Infinity;

  /** `now` is a monotonic clock in ms. */
  constructor(emit: (progress: WeightsProgress) => void, now: () => number) {
    this.#emit = emit;
    this.#now = now;
    this.#rate = new RateMeter(now);
  }

  /** Reports bytes done so far in a step; the first and the last event of a step are never left out. */
  report(source: WeightSource['type'], step: WeightsProgress['step'], doneBytes: number, totalBytes?: number): void {
    const at = this.#now();
    const phase = `${source} ${step}`;
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#rate = new RateMeter(this.#now);
      this.#lastAt = -Infinity;
    }
    const last = doneBytes === totalBytes;
    if (at - this.#lastAt < INTERVAL_MS && !last) return;
    this.#lastAt = at;
    this.#emit({
      source,
      step,
      doneBytes,
      ...(totalBytes === undefined ? {} : { totalBytes }),
      ...this.#rate.sample(doneBytes, totalBytes),
    });
  }
}
