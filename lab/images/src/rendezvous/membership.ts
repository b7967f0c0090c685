import { type Socket, connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../launch/notice.ts';
import { Connection, type Heartbeat } from './connection.ts';
import type { Job } from './job.ts';

export interface MembershipOptions {
  readonly job: Job;
  readonly rank: number;
  readonly endpoint: { readonly host: string; readonly port: number };
  readonly heartbeat: Heartbeat;
  /** Between two tries to reach the leader, in ms. */
  readonly retryMs: number;
  readonly log: Log;
  /** The leader's orders, in their order. */
  readonly onOrder: (order: 'start' | 'stop') => void;
}

/**
 * Joins the job whose leader listens at the endpoint, and stays in it. The leader may come later than this rank: until it can be resolved and
 * reached, tries go on.
 *
 * Resolves with the reason, in words, once the leader refuses this rank or has gone. Rejects with the reason of `patience` where the leader does not
 * come, and with that of `stop` at any time.
 */
export async function takePart(options: MembershipOptions, patience: AbortSignal, stop: AbortSignal): Promise<string> {
  const socket = await reach(options, AbortSignal.any([patience, stop]));
  const over = Promise.withResolvers<string>();
  const connection: Connection = new Connection(socket, options.heartbeat, {
    onMessage: (message) => {
      switch (message.type) {
        case 'start':
        case 'stop':
          return options.onOrder(message.type);
        case 'refuse':
          return connection.fail(`it refuses this rank: ${message.reason}`);
        default:
          return connection.fail(`it sent ${message.type}`);
      }
    },
    onGone: (reason) => over.resolve(reason),
  });
  const leave = () => {
    connection.close();
    over.reject(stop.reason as Error);
  };
  stop.addEventListener('abort', leave, { once: true });
  connection.send({ type: 'join', rank: options.rank, job: options.job });
  return over.promise.finally(() => stop.removeEventListener('abort', leave));
}

async function reach({ endpoint, heartbeat, retryMs, log }: MembershipOptions, signal: AbortSignal): Promise<Socket> {
  let told = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      return await open(endpoint, heartbeat.goneMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { message } = error as Error;
      if (message !== told) log(`Rank 0 is not there yet: ${message}.`);
      told = message;
    }
    await pause(retryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function open(endpoint: { host: string; port: number }, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...endpoint, signal });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer for ${timeoutMs} ms`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject).setTimeout(0);
      resolve(socket);
    });
  });
}
