import { specOf } from '../deps.ts';
import type { Driver } from '../driver/driver.ts';
import { isStopped } from '../serialisation.ts';
import type { Emulator } from '../../wire/service.ts';
import { type KeeperDeps, convergeNodes } from './keeper.ts';
import { convergeMachines } from './real-machines.ts';

export interface Convergence {
  /** Resolves after a pass that began after the call, or when the signal aborts. */
  converge(clusterId: string, signal: AbortSignal): Promise<void>;
  /** Resolves when the signal has aborted and all that was under way has ended. */
  run(signal: AbortSignal): Promise<void>;
}

/** How long it waits to try an API server again, ms. */
const retryMs = 1_000;

/** Keeps the nodes of all clusters in line with their machines: when it is asked to, and when time has come. */
export function createConvergence(
  deps: KeeperDeps & Pick<Emulator, 'tenantId' | 'directory'>,
  driver: Driver,
): Convergence {
  const { store, clock, logger } = deps;
  const life = new AbortController();
  /** Passes by cluster: the one that runs, and the one that waits for its end. */
  const passes = new Map<string, { readonly running: Promise<void>; waiting?: Promise<void> }>();
  const timers = new Map<string, () => void>();

  /** Goes on until it has succeeded, or there is nothing to bring in line. */
  async function pass(key: string): Promise<void> {
    for (;;) {
      timers.get(key)?.();
      timers.delete(key);
      const cluster = store.get(key);
      if (cluster === undefined || isStopped(cluster) || life.signal.aborted) return;
      const spec = specOf(deps, cluster);
      const connection = driver.connect(spec);
      if (connection === undefined) return;
      try {
        const next =
          driver.machines === undefined
            ? await convergeNodes(deps, connection.client, cluster, life.signal)
            : await convergeMachines(deps, driver.machines, { connection, cluster, spec }, life.signal);
        if (next !== undefined) lookAgain(key, next);
        return;
      } catch (error) {
        if (life.signal.aborted) return;
        logger.log('warn', 'the nodes of a cluster could not be brought in line', { cluster: key, error });
        await retryTime();
      }
    }
  }

  function retryTime(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(retryMs, resolve, { unref: true });
      life.signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    });
  }

  function lookAgain(key: string, ms: number): void {
    if (life.signal.aborted) return;
    timers.set(
      key,
      clock.after(ms, () => void start(key), { unref: true }),
    );
  }

  function start(key: string): Promise<void> {
    const current = passes.get(key);
    if (current === undefined) return begin(key);
    current.waiting ??= current.running.then(() => begin(key));
    return current.waiting;
  }

  function begin(key: string): Promise<void> {
    const running = pass(key).finally(() => {
      if (passes.get(key)?.waiting === undefined) passes.delete(key);
    });
    passes.set(key, { running });
    return running;
  }

  return {
    async converge(clusterId, signal) {
      if (signal.aborted) return;
      const aborted = Promise.withResolvers<void>();
      const abort = (): void => aborted.resolve();
      signal.addEventListener('abort', abort, { once: true });
      await Promise.race([start(clusterId.toLowerCase()), aborted.promise]);
      signal.removeEventListener('abort', abort);
    },
    async run(signal) {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      life.abort();
      for (const cancel of timers.values()) cancel();
      await Promise.all([...passes.values()].map(({ running }) => running));
    },
  };
}
