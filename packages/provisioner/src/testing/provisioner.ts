import type { AgentPools } from '@kaito/azure';
import { type ClusterConfig, type Intercept, type Logger, silentLogger, systemClock } from '@kaito/kube';
import { readSettings, type Settings } from '../settings.ts';
import { setUp } from '../setup.ts';

export interface RunningProvisioner {
  /** Stops it and waits for its end; rejects as it does. */
  stop(): Promise<void>;
}

/** The environment that the chart sets. */
export const environment = {
  ARM_SUBSCRIPTION_ID: '00000000-0000-0000-0000-000000000001',
  ARM_RESOURCE_GROUP: 'group',
  AZURE_CLUSTER_NAME: 'cluster',
  LOCATION: 'westus3',
  AZURE_TENANT_ID: '00000000-0000-0000-0000-000000000003',
  AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000002',
  AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/azure/tokens/azure-identity-token',
};

/** Runs a whole provisioner in this process, without election, on ports of its own. */
export async function startProvisioner(options: {
  readonly config: ClusterConfig;
  readonly agentPools: AgentPools;
  readonly settings?: Partial<Settings>;
  readonly logger?: Logger;
  readonly intercept?: Intercept;
}): Promise<RunningProvisioner> {
  const { config, agentPools, settings, logger = silentLogger, intercept } = options;
  const defaults = readSettings(['--leader-elect=false', '--health-port=0', '--metrics-port=0'], environment);
  if (defaults === 'help') throw new Error('no help was asked for');
  const manager = setUp(
    { ...defaults, ...settings },
    { config, clock: systemClock, logger, agentPools, ...(intercept !== undefined && { intercept }) },
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
