import { type BlobReaderOptions, readBlob } from './blob-reader.ts';
import type { Permits } from './permits.ts';

/** What one connection fetches ahead, in bytes; as many as there are spare connections are held in memory. */
const PIECE_BYTES = 4 * 1024 ** 2;
/** What one connection alone fetches before it is asked again whether others are spare, in bytes. */
const STRETCH_BYTES = 64 * 1024 ** 2;
/** The least that is worth several connections, in bytes. */
const LEAST_BYTES = 4 * PIECE_BYTES;

/**
 * A blob's bytes from `from` on, in order. While connections are spare (other blobs are done) they fetch pieces ahead by ranges, so that one large
 * blob is not bound to the rate of one connection. Each piece holds one permit of `spare`.
 */
export async function* readAhead(options: BlobReaderOptions, from: number, spare: Permits): AsyncGenerator<Buffer> {
  const { size } = options;
  let at = from;
  while (at < size) {
    const ahead = size - at >= LEAST_BYTES && spare.tryTake();
    if (ahead) {
      spare.give();
      for await (const chunk of readPieces(options, at, spare)) {
        at += chunk.length;
        yield chunk;
      }
    } else {
      const left = size - at;
      for await (const chunk of readBlob(options, at, left < 2 * STRETCH_BYTES ? size : at + STRETCH_BYTES)) {
        at += chunk.length;
        yield chunk;
      }
    }
  }
}

/** Reads pieces until no connection is spare any more, or the end. The first piece needs none. */
async function* readPieces(options: BlobReaderOptions, from: number, spare: Permits): AsyncGenerator<Buffer> {
  const stop = new AbortController();
  const { signal: outer } = options.retry;
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]);
  const inner = { ...options, retry: { ...options.retry, signal } };
  const pieces: { readonly bytes: Promise<Buffer[]>; readonly spare: boolean }[] = [];
  let next = from;
  const fill = () => {
    while (next < options.size) {
      const taken = pieces.length > 0 && spare.tryTake();
      if (pieces.length > 0 && !taken) return;
      const bytes = collect(readBlob(inner, next, Math.min(options.size, next + PIECE_BYTES)));
      bytes.catch(() => {});
      pieces.push({ bytes, spare: taken });
      next = Math.min(options.size, next + PIECE_BYTES);
    }
  };
  try {
    fill();
    for (;;) {
      const [piece] = pieces;
      if (piece === undefined) return;
      const chunks = await piece.bytes;
      pieces.shift();
      if (piece.spare) spare.give();
      if (pieces.length > 0) fill();
      yield* chunks;
    }
  } finally {
    stop.abort();
    for (const piece of pieces) if (piece.spare) spare.give();
  }
}

async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return chunks;
}
