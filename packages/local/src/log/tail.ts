import { open } from 'node:fs/promises';
import { hasCode } from '../state/atomic-file.ts';

/**
 * Reads a growing file line by line from a byte offset. A file that became shorter was cut by rotation and is read from its start. Call
 * `read` whenever something may have been written; a last line without a line feed is kept back until it is whole.
 */
export class LineReader {
  readonly #path: string;
  #offset: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** The lines written since the last call, without their line feeds; none where the file does not exist. */
  async read(): Promise<string[]> {
    const lines: string[] = [];
    let file;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return lines;
      throw error;
    }
    try {
      if ((await file.stat()).size < this.#offset) {
        this.#offset = 0;
        this.#rest = Buffer.alloc(0);
      }
      for (;;) {
        const chunk = Buffer.allocUnsafe(65_536);
        const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#offset);
        if (bytesRead === 0) return lines;
        this.#offset += bytesRead;
        let pending = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)]);
        for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
          lines.push(pending.toString('utf8', 0, end).replace(/\r$/, ''));
          pending = pending.subarray(end + 1);
        }
        this.#rest = pending;
      }
    } finally {
      await file.close();
    }
  }
}

/** Byte offset at which the last `count` lines of a file begin; looks at no more than the last MiB. 0 where there is no file. */
export async function offsetOfLastLines(path: string, count: number): Promise<number> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - 1_048_576);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const text = buffer.subarray(0, bytesRead);
    if (count <= 0) return start + text.length;
    let position = text.length;
    if (text.at(-1) === 10) position -= 1;
    for (let found = 0; found < count; found += 1) {
      if (position <= 0) return start;
      position = text.lastIndexOf(10, position - 1);
      if (position < 0) return start;
    }
    return start + position + 1;
  } finally {
    await file.close();
  }
}
