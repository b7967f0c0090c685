import { ConnectionError } from '../client/errors.ts';
import { createElection } from '../lease/election.ts';
import type { Election, ElectionOptions } from '../lease/election.ts';
import { silentLogger } from '../logger.ts';
import { ManualClock, settled } from './manual-clock.ts';
import type { MemoryClient } from './memory-client.ts';

/** One of several that stand for the same election, each with clocks and a connection of its own. */
export interface Candidate {
  readonly election: Election;
  readonly clock: ManualClock;
  /** Its connection; `before` cuts it off from the others' server. */
  readonly connection: { up: boolean };
  readonly terms: { started: number; ended: number };
  readonly result: Promise<'stopped' | 'lost'>;
  stop(): Promise<'stopped' | 'lost'>;
}

/** The Lease they stand for. */
export const leaseRef = { namespace: 'kaito', name: 'operator' };

/** A candidate with clocks of its own. */
export function stand(
  server: MemoryClient,
  identity: string,
  options: Partial<ElectionOptions> & { readonly wall?: string } = {},
): Candidate {
  const clock = new ManualClock(options.wall);
  const connection = { up: true };
  const client = new Proxy(server, {
    get(target, method) {
      const member: unknown = Reflect.get(target, method, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) =>
        connection.up
          ? (member as (...given: unknown[]) => unknown).apply(target, given)
          : Promise.reject(new ConnectionError('cut'));
    },
  });
  const election = createElection({
    client,
    ...leaseRef,
    identity,
    clock,
    logger: silentLogger,
    random: () => 0,
    ...options,
  });
  const end = new AbortController();
  const terms = { started: 0, ended: 0 };
  const result = election.run(end.signal, async (signal) => {
    terms.started += 1;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    terms.ended += 1;
  });
  return {
    election,
    clock,
    connection,
    terms,
    result,
    stop() {
      end.abort(new Error('stop'));
      return result;
    },
  };
}

/** Lets time pass for all of them, step by step. */
export async function pass(candidates: readonly Candidate[], ms: number, step = 500): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    for (const { clock } of candidates) clock.advance(step);
    await settled();
  }
}

/** Identities of those that believe to lead. */
export const leaders = (candidates: readonly Candidate[]) =>
  candidates.filter(({ election }) => election.isLeader()).map(({ election }) => election.identity);
