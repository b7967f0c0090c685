import { systemTiming } from '../timing.ts';
import { type BlobReaderOptions, readBlob } from './blob-reader.ts';
import type { Permits } from './permits.ts';

/** What one connection fetches ahead, in bytes; as many as there are spare connections are held in memory. */
const PIECE_BYTES = 2 * 1024 ** 2;
/** After so many bytes it is looked anew whether several connections would help. */
const STRETCH_BYTES = 32 * 1024 ** 2;
/** Of the time spent, the part from which on the source is what is waited for. */
const SLOW_SOURCE = 0.8;

/**
 * A blob's bytes from `from` on, in order. Where the receiver waits for the source, and connections are spare (other blobs are done), these fetch pieces ahead by ranges, so that one large blob is
 * not bound to the rate that a source gives one connection. Each piece holds one permit of `spare`.
 */
export async function* readAhead(options: BlobReaderOptions, from: number, spare: Permits): AsyncGenerator<Buffer> {
  const { size } = options;
  const { now } = options.retry.timing ?? systemTiming;
  let slow = false;
  for (let at = from; at < size;) {
    const rest = size - at;
    const end = rest < 2 * STRETCH_BYTES ? size : at + STRETCH_BYTES;
    const chunks = slow && spare.free > 0 ? readPieces(options, at, spare) : readBlob(options, at, end);
    let waited = 0;
    const begun = now();
    let asked = begun;
    for await (const chunk of chunks) {
      waited += now() - asked;
      at += chunk.length;
      yield chunk;
      asked = now();
    }
    slow ||= waited > SLOW_SOURCE * (now() - begun);
  }
}

interface Piece {
  readonly buffer: Buffer;
  readonly bytes: Promise<Buffer>;
  readonly spare: boolean;
}

/** Reads on from `from` in pieces, as many at once as permits can be had (the first needs none), until none is to be had or the blob ends. */
async function* readPieces(options: BlobReaderOptions, from: number, spare: Permits): AsyncGenerator<Buffer> {
  const stop = new AbortController();
  const { signal: outer } = options.retry;
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]);
  const inner = { ...options, retry: { ...options.retry, signal } };
  const pieces: Piece[] = [];
  const idle: Buffer[] = [];
  let next = from;
  const fill = () => {
    for (;;) {
      const own = pieces.every((piece) => piece.spare);
      if (next === options.size || (!own && !spare.tryTake())) return;
      const end = Math.min(options.size, next + PIECE_BYTES);
      const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
      const bytes = collect(readBlob(inner, next, end), buffer);
      bytes.catch(() => {});
      pieces.push({ buffer, bytes, spare: !own });
      next = end;
    }
  };
  try {
    fill();
    for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
      const bytes = await piece.bytes;
      pieces.shift();
      if (piece.spare) spare.give();
      // Alone, one connection does better with one long answer.
      if (pieces.length > 0 || spare.free > 0) fill();
      yield bytes;
      idle.push(piece.buffer);
    }
  } finally {
    stop.abort();
    for (const piece of pieces) if (piece.spare) spare.give();
  }
}

/** Reads all into a buffer that is large enough. */
async function collect(bytes: AsyncIterable<Buffer>, buffer: Buffer): Promise<Buffer> {
  let length = 0;
  for await (const chunk of bytes) length += chunk.copy(buffer, length);
  return buffer.subarray(0, length);
}
