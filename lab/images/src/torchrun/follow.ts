import type { Server } from 'node:http';
import type { Log } from '../launch/notice.ts';
import { type MembershipOptions, takePart } from '../rendezvous/membership.ts';

export interface FollowParts {
  readonly membership: Omit<MembershipOptions, 'onOrder' | 'log'>;
  /** Begins to answer for this rank's health. */
  readonly serveHealth: () => Promise<Server>;
  /** How long rank 0 may take to come. */
  readonly patience: AbortSignal;
  readonly stop: AbortSignal;
  readonly log: Log;
}

/**
 * A rank other than 0: answers for its health while the job runs. Resolves to the exit code: 0 once it was told to stop, 1 where rank 0 has gone,
 * has not come or refuses it; what restarts this process then makes it join again.
 */
export async function follow({ membership, serveHealth, patience, stop, log }: FollowParts): Promise<number> {
  const failed = new AbortController();
  let health: Promise<Server | undefined> = Promise.resolve(undefined);
  const onOrder = (order: 'start' | 'stop') => {
    log(order === 'start' ? 'All ranks are here.' : 'Rank 0 begins again.');
    // Orders may come faster than a port opens and closes.
    health = health.then(async (running) => {
      if (order === 'start') return running ?? (await serveHealth());
      await running?.[Symbol.asyncDispose]();
      return undefined;
    });
    health.catch((error: unknown) => failed.abort(error));
  };
  const ended = AbortSignal.any([stop, failed.signal]);
  try {
    const reason = await takePart({ ...membership, log, onOrder }, patience, ended);
    log(`Rank 0 has gone: ${reason}.`);
    return 1;
  } catch {
    if (stop.aborted) return 0;
    log(failed.signal.aborted ? String(failed.signal.reason) : 'Rendezvous timed out: rank 0 has not come.');
    return 1;
  }
}
