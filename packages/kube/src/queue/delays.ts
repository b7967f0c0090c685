import type { Clock } from '../clock.ts';
import { Heap } from './heap.ts';

interface Delay {
  readonly key: string;
  readonly due: number;
}

/**
 * Keys that wait for their time, on one timer. A key waits once: the earliest time wins.
 */
export class Delays {
  readonly #clock: Clock;
  readonly #due: (key: string) => void;
  readonly #heap = new Heap<Delay>((a, b) => a.due < b.due);
  /** The entry that counts for a key; others of that key in the heap are skipped. */
  readonly #waiting = new Map<string, Delay>();
  #cancelTimer: (() => void) | undefined;
  #timerAt = Infinity;

  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(key: string, ms: number): void {
    const due = this.#clock.monotonic() + ms;
    const earlier = this.#waiting.get(key);
    if (earlier !== undefined && earlier.due <= due) return;
    const delay = { key, due };
    this.#waiting.set(key, delay);
    this.#heap.push(delay);
    this.#arm();
  }

  /** Makes every waiting key due now. */
  releaseAll(): void {
    const keys = [...this.#waiting.keys()];
    this.clear();
    for (const key of keys) this.#due(key);
  }

  clear(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerAt = Infinity;
    this.#waiting.clear();
    while (this.#heap.pop() !== undefined);
  }

  #arm(): void {
    const next = this.#heap.peek();
    if (next === undefined || next.due >= this.#timerAt) return;
    this.#cancelTimer?.();
    this.#timerAt = next.due;
    this.#cancelTimer = this.#clock.after(Math.max(0, next.due - this.#clock.monotonic()), () => this.#fire());
  }

  #fire(): void {
    this.#cancelTimer = undefined;
    this.#timerAt = Infinity;
    const now = this.#clock.monotonic();
    for (let next = this.#heap.peek(); next !== undefined && next.due <= now; next = this.#heap.peek()) {
      this.#heap.pop();
      if (this.#waiting.get(next.key) !== next) continue;
      this.#waiting.delete(next.key);
      this.#due(next.key);
    }
    this.#arm();
  }
}
