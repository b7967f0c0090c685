import type { LogLevel } from '../logger.ts';
import { type LogFormat, logFormats, logLevels } from '../logging/text-logger.ts';
import { type Flags, leaseFlags, leaseTimes } from './flags.ts';

/** What each process that runs a manager is told at its start. */
export interface ManagerSettings {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly leaderElect: boolean;
  /** In ms; each is longer than the next. */
  readonly lease: ReturnType<typeof leaseTimes>;
  /** Namespace of the process itself. */
  readonly systemNamespace: string;
  /** Ports; 0: any free one. */
  readonly healthPort: number;
  readonly metricsPort: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

export const managerFlags = [
  'kubeconfig',
  'context',
  ...leaseFlags,
  'namespace',
  'health-port',
  'metrics-port',
  'log-level',
  'log-format',
] as const;

/** Lines of a help, for the flags that say how the cluster is reached and led, and for those of the process. */
export const managerHelp = {
  cluster: `  --kubeconfig FILE              default: $KUBECONFIG, ~/.kube/config, else the pod's own ServiceAccount
  --context NAME                 context of the kubeconfig
  --leader-elect=BOOL            only the leader of several replicas acts; default true
  --lease-duration SECONDS       how long a leader that was heard last counts as one; default 15
  --renew-deadline SECONDS       after how long without a renewal the leader stops acting; default 10
  --retry-period SECONDS         how often replicas try to lead and to renew; default 2`,
  process: `  --health-port N                /healthz and /readyz; default 8081
  --metrics-port N               /metrics; default 8080
  --log-level LEVEL              ${logLevels.join(', ')}; default info
  --log-format FORMAT            ${logFormats.join(', ')}; default text
  -h, --help                     print this`,
} as const;

/** @param namespace where neither a flag nor the environment names one @throws SettingsError */
export function readManagerSettings(
  flags: Flags<(typeof managerFlags)[number]>,
  environment: NodeJS.ProcessEnv,
  namespace: string,
): ManagerSettings {
  const { text, whole, oneOf, yes } = flags;
  const [kubeconfig, context] = [text('kubeconfig'), text('context')];
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    leaderElect: yes('leader-elect', true),
    lease: leaseTimes(flags),
    systemNamespace: text('namespace') ?? environment['SYSTEM_NAMESPACE'] ?? environment['POD_NAMESPACE'] ?? namespace,
    healthPort: whole('health-port', 8081, 0, 65_535),
    metricsPort: whole('metrics-port', 8080, 0, 65_535),
    logLevel: oneOf('log-level', logLevels, 'info'),
    logFormat: oneOf('log-format', logFormats, 'text'),
  };
}
