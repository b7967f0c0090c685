import type { StreamingClient } from '../client/api-client.ts';
import { LineDecoder } from '../client/ndjson.ts';
import { objectPath, queryText } from '../client/path.ts';
import { ConnectionError } from '../client/errors.ts';
import type { ObjectRef } from '../object.ts';
import { pods } from '../resources.ts';

export interface PodLogsOptions {
  /** Needed where the pod has several. */
  readonly container?: string;
  /** Goes on with what the container writes from now on, until it ends. */
  readonly follow?: boolean;
  /** Lines from the end to begin with; default: all. */
  readonly tail?: number;
  /** Nothing older than so many seconds. */
  readonly sinceSeconds?: number;
  /** Nothing older than this time (RFC 3339). */
  readonly sinceTime?: string;
  /** Of the container's run before its last restart. */
  readonly previous?: boolean;
  /** Each line begins with its time (RFC 3339) and a space. */
  readonly timestamps?: boolean;
  /** Bytes after which the server ends it. */
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * The lines of a container's log, without their newline. Ends with the log (with `follow`: with the container), or when the signal aborts.
 * @throws ApiError (BadRequest while the container has not started, or where it must be named), ConnectionError where the stream breaks off
 */
export async function* podLogs(
  client: StreamingClient,
  pod: ObjectRef,
  options: PodLogsOptions = {},
): AsyncGenerator<string, void> {
  const { container, follow, tail, sinceSeconds, sinceTime, previous, timestamps, limitBytes, signal } = options;
  const query = queryText({
    container,
    follow,
    tailLines: tail,
    sinceSeconds,
    sinceTime,
    previous,
    timestamps,
    limitBytes,
  });
  const aborted = () => signal?.aborted === true;
  if (aborted()) return;
  const response = await client.stream(objectPath(pods, pod, 'log') + query, {
    ...(signal === undefined ? {} : { signal }),
    // The answer to `follow` begins with the first line, which may be long in coming.
    ...(follow === true ? { timeoutMs: Number.POSITIVE_INFINITY } : {}),
  });
  const end = () => response.destroy();
  signal?.addEventListener('abort', end, { once: true });
  try {
    if (aborted()) return;
    const lines = new LineDecoder();
    for await (const chunk of response as AsyncIterable<Buffer>) yield* lines.push(chunk);
    const last = lines.end();
    if (last !== undefined) yield last;
  } catch (error) {
    if (aborted()) return;
    throw new ConnectionError(`the log of pod ${pod.name} broke off: ${(error as Error).message}`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', end);
    response.destroy();
  }
}
