import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import type { KubeObject } from '../object.ts';
import { statusFrom } from './api-error.ts';
import { callText } from './call.ts';
import type { ApiCall } from './call.ts';
import type { WatchEvent } from './client.ts';
import { ApiError, ConnectionError } from './errors.ts';
import { LineDecoder } from './ndjson.ts';
import type { Requester } from './requester.ts';

/** What the server may take beyond its own time limit until it ends a watch. */
const slackMs = 15_000;

interface WireEvent {
  readonly type: string;
  readonly object: KubeObject;
}

/**
 * The events of one watch, until the server ends it or the signal aborts, which both end it without an error. The stream is read only as
 * fast as events are taken. @throws ApiError, ConnectionError
 */
export async function* watchEvents<T extends KubeObject>(
  requester: Requester,
  call: ApiCall,
  limits: {
    readonly clock: Clock;
    readonly timeoutSeconds: number | undefined;
    readonly signal: AbortSignal | undefined;
  },
): AsyncGenerator<WatchEvent<T>, void> {
  const { clock, signal, timeoutSeconds } = limits;
  const aborted = () => signal?.aborted === true;
  if (aborted()) return;
  let response: IncomingMessage;
  try {
    response = await requester.open(call, { signal });
  } catch (error) {
    if (aborted()) return;
    throw error;
  }
  let silent = false;
  const end = () => response.destroy();
  signal?.addEventListener('abort', end, { once: true });
  const cancel =
    timeoutSeconds === undefined
      ? undefined
      : clock.after(
          timeoutSeconds * 1000 + slackMs,
          () => {
            silent = true;
            end();
          },
          { unref: true },
        );
  try {
    const lines = new LineDecoder();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const line of lines.push(chunk)) {
        if (aborted()) return;
        yield eventOf<T>(JSON.parse(line) as WireEvent, call);
      }
    }
  } catch (error) {
    if (aborted()) return;
    if (error instanceof ApiError) throw error;
    if (silent)
      throw new ConnectionError(
        `${callText(call)}: the server did not end the watch within ${timeoutSeconds} s, as it was asked to; the connection is dead`,
        { code: 'TIMEOUT' },
      );
    if (error instanceof SyntaxError)
      throw new ConnectionError(`${callText(call)}: the server sent what is no JSON`, {
        cause: error,
        code: 'PROTOCOL',
      });
    throw requester.explain(error, call);
  } finally {
    cancel?.();
    signal?.removeEventListener('abort', end);
    response.destroy();
  }
}

function eventOf<T extends KubeObject>(event: WireEvent, call: ApiCall): WatchEvent<T> {
  const { type, object } = event;
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object: object as T };
  if (type === 'BOOKMARK')
    return {
      type,
      resourceVersion: object.metadata.resourceVersion ?? '',
      initialEventsEnd: object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true',
    };
  const status = statusFrom(object) ?? { code: 500, reason: 'InternalError', message: `an event of type "${type}"` };
  throw new ApiError(status, callText(call));
}
