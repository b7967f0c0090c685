import { StringDecoder } from 'node:string_decoder';

/**
 * Turns byte tokens into text as it becomes certain: holds back half characters and whatever could still become a stop string, and ends before the
 * first stop string.
 */
export class TextStream {
  readonly #decoder = new StringDecoder('utf8');
  readonly #stop: readonly string[];
  #held = '';
  stopped = false;

  constructor(stop: readonly string[]) {
    this.#stop = stop.filter((each) => each !== '');
  }

  /** The text that this byte makes certain; may be ''. */
  push(byte: number): string {
    this.#held += this.#decoder.write(Buffer.of(byte));
    if (this.#held === '' || this.#stop.length === 0) return this.#release(this.#held.length);
    let found = -1;
    for (const each of this.#stop) {
      const at = this.#held.indexOf(each);
      if (at >= 0 && (found < 0 || at < found)) found = at;
    }
    if (found >= 0) {
      this.stopped = true;
      return this.#release(found);
    }
    return this.#release(this.#held.length - this.#undecided());
  }

  /** What is still held back, once no more comes. */
  end(): string {
    return this.#release(this.#held.length) + this.#decoder.end();
  }

  /** Length of the longest ending that begins a stop string. */
  #undecided(): number {
    const longest = Math.max(...this.#stop.map((each) => each.length)) - 1;
    for (let length = Math.min(longest, this.#held.length); length > 0; length--) {
      const ending = this.#held.slice(-length);
      if (this.#stop.some((each) => each.startsWith(ending))) return length;
    }
    return 0;
  }

  #release(length: number): string {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return text;
  }
}
