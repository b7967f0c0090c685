/** A fixed number of places, given in the order in which they were asked for. */
export class Places {
  readonly #count: number;
  readonly #queue: ((granted: boolean) => void)[] = [];
  #taken = 0;

  constructor(count: number) {
    this.#count = count;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Resolves to true with a place, which `give` must return, or to false without one once `signal` aborts. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#taken < this.#count) {
      this.#taken += 1;
      return true;
    }
    return await new Promise<boolean>((resolve) => {
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(entry), 1);
        resolve(false);
      };
      const entry = (granted: boolean) => {
        signal.removeEventListener('abort', leave);
        resolve(granted);
      };
      this.#queue.push(entry);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the place to the next in line. */
  give(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#taken -= 1;
    else next(true);
  }
}
