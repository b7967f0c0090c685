import { systemClock } from '../clock.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Logger } from '../logger.ts';
import { createTextLogger } from '../logging/text-logger.ts';
import type { ManagerSettings } from './manager-settings.ts';

/** Exit code of a process that was told what it cannot do. */
export const wrongUsage = 2;

/** A logger to the error stream, and a signal that SIGINT and SIGTERM abort. */
export function beginProcess(settings: Pick<ManagerSettings, 'logLevel' | 'logFormat'>): {
  readonly logger: Logger;
  readonly signal: AbortSignal;
} {
  const logger = createTextLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    write: (line) => void process.stderr.write(`${line}\n`),
    now: () => new Date(),
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      logger.log('info', `stopping on ${signal}`);
      stop.abort();
    });
  }
  return { logger, signal: stop.signal };
}

/** The cluster that the settings name. @throws what `loadConfig` throws */
export function configOf({ kubeconfig, context }: Pick<ManagerSettings, 'kubeconfig' | 'context'>): ClusterConfig {
  return loadConfig({
    clock: systemClock,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
}
