import type { Clock } from '../clock.ts';
import type { Election } from '../lease/election.ts';
import { LeadershipLostError } from '../lease/term.ts';
import type { Logger } from '../logger.ts';
import type { Check } from './checks.ts';
import { Group } from './group.ts';
import type { Runnable } from './runnable.ts';

export interface ManagerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Without one the `leader` group starts like the others. */
  readonly election?: Election;
  /** When leadership is lost: end the manager with a `LeadershipLostError` (default, as client-go's users do), or stand again. */
  readonly onLeadershipLost?: 'end' | 'stand-again';
  /** For all that has to be put away on a stop; default 30,000. Above it the manager ends with a `StopTimeoutError`. */
  readonly stopTimeoutMs?: number;
}

/** Some runnables did not stop in time. */
export class StopTimeoutError extends Error {
  override readonly name = 'StopTimeoutError';
}

export interface Manager {
  /** @throws Error once it runs, or for a name that is taken. */
  add(...runnables: readonly Runnable[]): void;
  /** The checks for `/readyz`: one for each runnable that has something to say, and that all groups have started. */
  readonly checks: readonly Check[];
  /** Resolves when all groups before `leader` have started. */
  started(signal?: AbortSignal): Promise<void>;
  /**
   * Starts the groups in order and runs until the signal aborts, a runnable fails or leadership is lost; then stops them in reverse.
   * @throws RunnableError, LeadershipLostError, StopTimeoutError.
   */
  run(signal: AbortSignal): Promise<void>;
}

const beforeLeader = ['servers', 'webhooks', 'caches', 'always'] as const;

export function createManager(options: ManagerOptions): Manager {
  const { clock, logger, election } = options;
  const runnables: Runnable[] = [];
  const start = Promise.withResolvers<void>();
  let state: 'new' | 'starting' | 'started' = 'new';

  async function run(signal: AbortSignal): Promise<void> {
    if (state !== 'new') throw new Error('a manager runs once');
    state = 'starting';
    /** Aborts when it is time to stop, whatever the cause. */
    const ending = new AbortController();
    const failures: Error[] = [];
    const fail = (error: Error) => {
      failures.push(error);
      logger.log('error', error.message, { error });
      ending.abort(error);
    };
    const stop = () => ending.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const groups: Group[] = [];
    let leading: Promise<void> = Promise.resolve();
    const stopped = async () => {
      await leading;
      for (const group of groups.toReversed()) await group.stop();
    };
    try {
      for (const name of beforeLeader) await startGroup(name, groups, fail, ending.signal);
      state = 'started';
      start.resolve();
      leading = lead(groups, fail, ending.signal);
      await aborted(ending.signal);
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      logger.log('info', 'stopping');
      const late = await within(options.stopTimeoutMs ?? 30_000, stopped());
      if (late)
        fail(
          new StopTimeoutError(
            `still running after the time to stop: ${groups.flatMap((group) => group.running).join(', ')}`,
          ),
        );
    }
    if (failures.length > 0) throw failures[0]!;
  }

  async function startGroup(
    name: Runnable['group'],
    groups: Group[],
    fail: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const group = new Group(logger, fail);
    groups.push(group);
    await group.start(
      runnables.filter((runnable) => runnable.group === name),
      signal,
    );
  }

  /** Never rejects. */
  async function lead(groups: Group[], fail: (error: Error) => void, signal: AbortSignal): Promise<void> {
    const term = async (until: AbortSignal) => {
      const group = new Group(logger, fail);
      groups.push(group);
      try {
        await group.start(
          runnables.filter((runnable) => runnable.group === 'leader'),
          until,
        );
        await aborted(until);
      } catch (error) {
        if (!until.aborted) throw error;
      } finally {
        await group.stop();
        groups.splice(groups.indexOf(group), 1);
      }
    };
    try {
      if (election === undefined) return await term(signal);
      while (!signal.aborted) {
        if ((await election.run(signal, term)) === 'lost') {
          if (options.onLeadershipLost === 'stand-again') continue;
          fail(new LeadershipLostError(`leadership of ${election.name} was lost; another replica goes on`));
        }
      }
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @returns whether it took longer. */
  async function within(ms: number, work: Promise<void>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = clock.after(ms, () => resolve(true));
    try {
      return await Promise.race([work.then(() => false), promise]);
    } finally {
      cancel();
    }
  }

  return {
    add(...added) {
      if (state !== 'new') throw new Error('the manager runs already');
      for (const runnable of added) {
        if (runnables.some(({ name }) => name === runnable.name))
          throw new Error(`there is a runnable ${runnable.name} already`);
        runnables.push(runnable);
      }
    },
    get checks() {
      const own: Check = {
        name: 'started',
        check: () => (state === 'started' ? undefined : 'not all parts have started'),
      };
      return [
        own,
        ...runnables
          .filter(({ notReady }) => notReady !== undefined)
          .map((one): Check => ({ name: one.name, check: () => one.notReady?.() })),
      ];
    },
    async started(signal) {
      if (signal === undefined) return await start.promise;
      await Promise.race([start.promise, aborted(signal)]);
      signal.throwIfAborted();
    },
    run,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
