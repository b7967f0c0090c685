/**
 * Waiting times of a reflector in milliseconds: 0.8 s doubled up to 30 s, the upper half of each at random, and from the start again after two
 * good minutes (client-go's `NewReflector`, with the cap kept under the jitter).
 */
export class Backoff {
  readonly #random: () => number;
  #step = 0;
  static readonly firstMs = 800;
  static readonly maxMs = 30_000;
  static readonly goodMs = 120_000;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): number {
    const upper = Math.min(Backoff.maxMs, Backoff.firstMs * 2 ** (this.#step + 1));
    this.#step = Math.min(this.#step + 1, 16);
    return upper / 2 + (this.#random() * upper) / 2;
  }

  /** Tells how long things went well. */
  wentWell(ms: number): void {
    if (ms >= Backoff.goodMs) this.reset();
  }

  reset(): void {
    this.#step = 0;
  }
}
