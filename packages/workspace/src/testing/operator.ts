import { type ClusterConfig, type Intercept, type Logger, silentLogger, systemClock } from '@kaito/kube';
import { readSettings, type Settings } from '../settings.ts';
import { setUp } from '../setup.ts';

export interface RunningOperator {
  /** Stops it and waits for its end; rejects as it does. */
  stop(): Promise<void>;
}

export interface OperatorSetup {
  readonly config: ClusterConfig;
  readonly settings?: Partial<Settings>;
  readonly logger?: Logger;
  readonly intercept?: Intercept;
}

/** Runs a whole operator in this process, without election and webhook, on ports of its own. */
export async function startOperator({
  config,
  settings,
  logger = silentLogger,
  intercept,
}: OperatorSetup): Promise<RunningOperator> {
  const defaults = readSettings(
    [
      '--leader-elect=false',
      '--webhook=false',
      '--health-port=0',
      '--metrics-port=0',
      '--server-image=registry.example/kaito-server:1.0.0',
    ],
    {},
  );
  if (defaults === 'help') throw new Error('no help was asked for');
  const manager = setUp(
    { ...defaults, ...settings },
    { config, clock: systemClock, logger, ...(intercept !== undefined && { intercept }) },
  );
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  running.catch(() => {});
  await Promise.race([manager.started(), running]);
  return {
    async stop() {
      stop.abort();
      await running;
    },
  };
}
