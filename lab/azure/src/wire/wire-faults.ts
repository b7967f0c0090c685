import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@kaito/kube';

/** What is to happen to calls, on demand. */
export interface WireFault {
  readonly kind: 'latency' | 'throttle' | 'error' | 'refuse' | 'lose-response';
  /** A regular expression over `METHOD host/path?query`; all calls where absent. */
  readonly match?: string;
  /** How many calls it strikes; one where absent. */
  readonly times?: number;
  /** `latency`: how long the call waits, ms. */
  readonly delayMs?: number;
  /** `error`: the status; 503 where absent. */
  readonly status?: number;
  /** `error`: Azure's code. */
  readonly code?: string;
  /** `throttle` and `error`: what the header Retry-After says. */
  readonly retryAfterSeconds?: number;
}

export interface WireFaults {
  /** @returns its id */
  add(fault: WireFault): string;
  remove(id: string): void;
  list(): readonly { readonly id: string; readonly left: number; readonly fault: WireFault }[];
  /** The fault that strikes a call, counted. */
  take(request: IncomingMessage): WireFault | undefined;
  /** Lets it strike. @returns whether the call goes on */
  strike(fault: WireFault, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** Faults strike in the order in which they were added; a call is struck by one at most. */
export function createWireFaults(clock: Clock): WireFaults {
  let faults: { readonly id: string; readonly fault: WireFault; left: number }[] = [];
  return {
    add(fault) {
      const id = randomUUID();
      faults.push({ id, fault, left: fault.times ?? 1 });
      return id;
    },
    remove: (id) => void (faults = faults.filter((each) => each.id !== id)),
    list: () => faults.map((each) => ({ ...each })),
    take(request) {
      const called = `${request.method} ${request.headers.host}${request.url}`;
      const found = faults.find(({ fault }) => new RegExp(fault.match ?? '', 'i').test(called));
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) faults = faults.filter((each) => each !== found);
      return found.fault;
    },
    async strike(fault, request, response) {
      if (fault.kind === 'refuse') {
        request.socket.destroy();
        return false;
      }
      if (fault.kind === 'latency') {
        await new Promise<void>((resolve) => void clock.after(fault.delayMs ?? 0, resolve));
        return true;
      }
      if (fault.kind === 'lose-response') {
        cutBeforeAnswer(request, response);
        return true;
      }
      const throttled = fault.kind === 'throttle';
      const status = throttled ? 429 : (fault.status ?? 503);
      const code = throttled ? 'TooManyRequests' : (fault.code ?? 'ServerTimeout');
      const retryAfter = fault.retryAfterSeconds ?? (throttled ? 1 : undefined);
      const message = throttled
        ? 'The request is being throttled as the limit has been reached for operation type.'
        : 'The service was unable to process the request. Please try again.';
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        'x-ms-request-id': randomUUID(),
        ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      });
      response.end(JSON.stringify({ error: { code, message } }));
      return false;
    },
  };
}

/** The call is done, but its answer never arrives. */
function cutBeforeAnswer(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead = () => response;
  response.write = () => true;
  response.end = () => {
    request.socket.destroy();
    return response;
  };
}
