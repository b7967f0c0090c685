import { OciError } from '../errors.ts';
import type { HttpResponse } from '../http.ts';
import { transportError } from '../http-errors.ts';
import { Retries, type RetryOptions } from '../retry.ts';

export interface BlobReaderOptions {
  /** In bytes. */
  readonly size: number;
  readonly digest: string;
  /** Opens bytes `from` (to `to`, else to the end): status 206, or 200 with the whole. */
  readonly open: (
    range: { readonly from: number; readonly to?: number },
    signal: AbortSignal | undefined,
  ) => Promise<HttpResponse>;
  readonly retry: RetryOptions;
}

/** A blob's bytes from `from` to `to`, over cut connections; each piece is good until the next one is asked for. Throws OciError `DigestMismatch` where the blob is of another size than it should. */
export async function* readBlob(options: BlobReaderOptions, from: number, to: number): AsyncGenerator<Buffer> {
  let connected = false;
  const retries = new Retries({
    ...options.retry,
    retryable: (error) => error.retryable || (connected && error.code === 'NetworkUnreachable'),
  });
  let at = from;
  while (at < to) {
    try {
      const whole = to === options.size;
      const response = await options.open(whole ? { from: at } : { from: at, to }, options.retry.signal);
      connected = true;
      try {
        let skip = beginning(response, at, options);
        for await (const received of response.body) {
          const chunk = (received as Buffer).subarray(Math.min(skip, (received as Buffer).length));
          skip -= (received as Buffer).length - chunk.length;
          const part = chunk.length > to - at ? chunk.subarray(0, to - at) : chunk;
          at += part.length;
          retries.progressed();
          if (part.length > 0) yield part;
          // Only a registry without ranges sends more than was asked for.
          if (at === to && response.status === 200 && to < options.size) return;
        }
      } catch (error) {
        throw transportError(error, response.url, options.retry.signal);
      } finally {
        response.body.destroy();
      }
      if (at < to)
        throw transportError(
          new Error(`it ended after ${at} of ${options.size} bytes`),
          response.url,
          options.retry.signal,
        );
    } catch (error) {
      await retries.failed(error);
    }
  }
}

/** How many bytes of an answer lie before those asked for. */
function beginning(response: HttpResponse, from: number, { size, digest }: BlobReaderOptions): number {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers['content-range'] ?? '');
  const length = response.headers['content-length'];
  const total = response.status === 206 ? range?.[2] : length;
  if (total !== undefined && total !== '*' && Number(total) !== size) {
    throw new OciError(
      'DigestMismatch',
      `${response.url.host} holds ${total} bytes of ${digest} where ${size} were expected.`,
      {
        remedy: 'The blob is damaged at its source: push it there anew.',
      },
    );
  }
  if (response.status !== 206) return from;
  const start = Number(range?.[1]);
  if (start === from) return 0;
  throw new OciError('ServerError', `${response.url.host} answers ranges of ${response.url.pathname} wrongly.`, {
    remedy: 'Use another source.',
    retryable: true,
  });
}
