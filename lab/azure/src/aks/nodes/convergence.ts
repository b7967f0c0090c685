import type { Resource } from '../../store/store.ts';
import { type Driver } from '../driver/driver.ts';
import { specOf } from '../deps.ts';
import { clusterType } from '../names.ts';
import { isStopped } from '../serialisation.ts';
import { type KeeperDeps, convergeNodes } from './keeper.ts';

export interface Convergence {
  /** Resolves after a pass that began after the call, or when the signal aborts. */
  converge(clusterId: string, signal: AbortSignal): Promise<void>;
  /** Brings all clusters in line, and goes on until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** How long it waits to try an API server again, ms. */
const retryMs = 1_000;

/** Keeps the nodes of all clusters in line with their machines: when it is asked to, and when time has come. */
export function createConvergence(deps: KeeperDeps, driver: Driver): Convergence {
  const { store, clock, logger } = deps;
  const life = new AbortController();
  /** Passes by cluster: the one that runs, and the one that waits for its end. */
  const passes = new Map<string, { running: Promise<void>; waiting?: Promise<void> }>();
  const timers = new Map<string, () => void>();

  async function pass(clusterId: string): Promise<void> {
    timers.get(clusterId)?.();
    timers.delete(clusterId);
    const cluster = store.get(clusterId);
    const connection = cluster === undefined || isStopped(cluster) ? undefined : driver.connect(specOf(store, cluster));
    if (cluster === undefined || connection === undefined || life.signal.aborted) return;
    try {
      const next = await convergeNodes(deps, connection.client, cluster);
      if (next !== undefined) lookAgain(clusterId, next);
    } catch (error) {
      if (life.signal.aborted) return;
      logger.log('warn', 'the nodes of a cluster could not be brought in line', { cluster: clusterId, error });
      await new Promise<void>((resolve) => clock.after(retryMs, resolve, { unref: true }));
      return await pass(clusterId);
    }
  }

  function lookAgain(clusterId: string, ms: number): void {
    timers.get(clusterId)?.();
    timers.set(
      clusterId,
      clock.after(ms, () => void start(clusterId), { unref: true }),
    );
  }

  function start(clusterId: string): Promise<void> {
    const key = clusterId.toLowerCase();
    const current = passes.get(key);
    if (current !== undefined) {
      current.waiting ??= current.running.then(() => begin(key));
      return current.waiting;
    }
    return begin(key);
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
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([start(clusterId), aborted]);
    },
    async run(signal) {
      for (const cluster of store.list('', clusterType)) await resume(cluster, signal);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      life.abort();
      for (const cancel of timers.values()) cancel();
      await Promise.all([...passes.values()].map(({ running }) => running));
    },
  };

  /** A cluster as an earlier run of the emulator left it: its control plane may have ended with the machine. */
  async function resume(cluster: Resource, signal: AbortSignal): Promise<void> {
    // One that an operation is about is the operation's.
    if (isStopped(cluster) || !['Succeeded', 'Failed'].includes(String(cluster.properties['provisioningState'])))
      return;
    try {
      await driver.start(specOf(store, cluster), signal);
      await start(cluster.id);
    } catch (error) {
      logger.log('error', 'the control plane of a cluster could not be started', { cluster: cluster.id, error });
    }
  }
}
