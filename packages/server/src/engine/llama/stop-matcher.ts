/**
 * Finds the first stop string in a text that arrives in pieces: the one that is complete first; of those that end together, the longest.
 * The result does not depend on where the pieces are cut. Text that could still become a stop string is held back until the next piece
 * decides.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** Whether text is held back now. */
  get holding(): boolean {
    return this.#held !== '';
  }

  /** Takes a piece; returns the text that is certain, and whether a stop string followed it (nothing may be pushed after that). */
  push(piece: string): { readonly text: string; readonly stopped: boolean } {
    if (this.#stops.length === 0) return { text: piece, stopped: false };
    const text = this.#held + piece;
    let start = -1;
    let end = Infinity;
    for (const stop of this.#stops) {
      const index = text.indexOf(stop);
      if (index < 0) continue;
      const stopEnd = index + stop.length;
      if (stopEnd < end || (stopEnd === end && index < start)) [start, end] = [index, stopEnd];
    }
    if (start >= 0) {
      this.#held = '';
      return { text: text.slice(0, start), stopped: true };
    }
    const undecided = this.#undecidedFrom(text);
    this.#held = text.slice(undecided);
    return { text: text.slice(0, undecided), stopped: false };
  }

  /** The held text, when no more text will follow. */
  flush(): string {
    const text = this.#held;
    this.#held = '';
    return text;
  }

  /** Where the longest end of `text` begins that is the beginning of a stop string. */
  #undecidedFrom(text: string): number {
    let from = text.length;
    for (const stop of this.#stops)
      for (let length = Math.min(stop.length - 1, text.length); length > text.length - from; length--)
        if (text.endsWith(stop.slice(0, length))) {
          from = text.length - length;
          break;
        }
    return from;
  }
}
