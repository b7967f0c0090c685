import type { Clock } from '../clock.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #monotonic = 0;
  #wall: number;
  #timers: Timer[] = [];

  constructor(start = '2026-01-01T00:00:00Z') {
    this.#wall = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#wall);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#monotonic + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer; Infinity without one. */
  get nextIn(): number {
    return Math.min(...this.#timers.map((timer) => timer.due)) - this.#monotonic;
  }

  /** Lets `ms` milliseconds pass, firing timers at their time and in their order. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers)
        if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
      if (next === undefined) break;
      const due = next;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#pass(Math.max(0, due.due - this.#monotonic));
      due.callback();
    }
    this.#pass(end - this.#monotonic);
  }

  /** Time passes while the process is stopped: no timer fires, they are only late. */
  pause(ms: number): void {
    this.#pass(ms);
  }

  /** Sets the wall clock alone. */
  setWall(time: string): void {
    this.#wall = Date.parse(time);
  }

  #pass(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
