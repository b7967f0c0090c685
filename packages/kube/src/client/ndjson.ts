const newline = 0x0a;

/**
 * Cuts a byte stream into lines. Cutting happens on bytes, so a character whose bytes come in two chunks stays whole. Each line costs one
 * copy, and one that spans many chunks is joined once.
 */
export class LineDecoder {
  #rest: Buffer[] = [];

  /** The lines that `chunk` completes, without their newline. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      lines.push(this.#complete(chunk, start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(start === 0 ? chunk : chunk.subarray(start));
    return lines;
  }

  /** What came after the last newline; undefined where there is nothing. */
  end(): string | undefined {
    if (this.#rest.length === 0) return undefined;
    const text = Buffer.concat(this.#rest).toString('utf8');
    this.#rest = [];
    return text;
  }

  #complete(chunk: Buffer, start: number, end: number): string {
    if (this.#rest.length === 0) return chunk.toString('utf8', start, end);
    this.#rest.push(chunk.subarray(start, end));
    const line = Buffer.concat(this.#rest).toString('utf8');
    this.#rest = [];
    return line;
  }
}
