import type { Log } from '../launch/notice.ts';
import type { Gathering } from '../rendezvous/gathering.ts';
import type { Serving } from './serving.ts';

export interface LeadParts {
  readonly gathering: Gathering;
  readonly maxRestarts: number;
  readonly startServing: () => Serving;
  /** How long the other ranks may take to come: a new signal for each wait. */
  readonly patience: () => AbortSignal;
  readonly stop: AbortSignal;
  readonly log: Log;
}

/**
 * Rank 0: serves while all ranks are here, and begins again with all of them where one has gone or the server has ended, as often as it may.
 * Resolves to the exit code: 0 once it was told to stop and has drained, 1 where it gives up.
 */
export async function lead(parts: LeadParts): Promise<number> {
  const { gathering, maxRestarts, patience, stop, log } = parts;
  for (let restarts = 0; ; restarts += 1) {
    const missing = gathering.missing();
    if (missing.length > 0) log(`Waiting for ${missing.length === 1 ? 'rank' : 'ranks'} ${missing.join(', ')}.`);
    const late = patience();
    let left: Promise<string>;
    try {
      ({ left } = await gathering.round(AbortSignal.any([late, stop])));
    } catch {
      if (stop.aborted) return 0;
      log(`Rendezvous timed out: ranks ${gathering.missing().join(', ')} have not come.`);
      return 1;
    }
    log('All ranks are here. Rank 0 serves.');
    const serving = parts.startServing();
    const drain = () => serving.drain();
    stop.addEventListener('abort', drain, { once: true });
    const why = await Promise.race([serving.exited, left]);
    if (!stop.aborted) serving.kill();
    await serving.exited;
    stop.removeEventListener('abort', drain);
    if (stop.aborted) return 0;
    gathering.stop();
    if (restarts === maxRestarts) {
      log(`Serving has ended (${why}), and the last of ${maxRestarts} restarts is spent.`);
      return 1;
    }
    log(`Serving has ended (${why}). Restart ${restarts + 1} of ${maxRestarts}.`);
  }
}
