import { parseArgs } from 'node:util';
import { parseUpdateWindow } from '@kaito/api';
import { type LogFormat, logFormats, type LogLevel, logLevels } from '@kaito/kube';
import type { OperatorOptions } from './options.ts';

/** Everything that the process is told at its start. */
export interface Settings extends OperatorOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly leaderElect: boolean;
  /** In ms; each is longer than the next. */
  readonly lease: {
    readonly leaseDurationMs: number;
    readonly renewDeadlineMs: number;
    readonly retryPeriodMs: number;
  };
  /** Ports; 0: any free one. */
  readonly healthPort: number;
  readonly metricsPort: number;
  readonly webhook: boolean;
  readonly webhookPort: number;
  readonly webhookService: string;
  readonly webhookSecret: string;
  readonly webhookConfiguration: string;
}

/** A flag or variable that cannot be used; one line for the person. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const help = `The Workspace operator: makes nodes, a workload and a Service of each Workspace, and says how it is.

Usage: kaito-workspace [options]

Cluster:
  --kubeconfig FILE              default: $KUBECONFIG, ~/.kube/config, else the pod's own ServiceAccount
  --context NAME                 context of the kubeconfig
  --leader-elect=BOOL            only the leader of several replicas acts; default true
  --lease-duration SECONDS       how long a leader that was heard last counts as one; default 15
  --renew-deadline SECONDS       after how long without a renewal the leader stops acting; default 10
  --retry-period SECONDS         how often replicas try to lead and to renew; default 2
  --concurrency N                Workspaces worked on at once; default 10

Workspaces:
  --preset-registry PREFIX       registry of public preset images; $PRESET_REGISTRY_NAME, default mcr.microsoft.com/aks/kaito
  --server-image IMAGE           KAITO's own server, for GGUF presets; default kaito-server:0.1.0
  --update-window WINDOW         when updates that are held roll, of Workspaces that name no window themselves: cron in UTC and a
                                 duration, e.g. "0 2 * * 6 4h"; default: when the person says so
  --node-provisioner KIND        karpenter: missing machines are asked for by NodeClaims; none: nothing is rented. Default karpenter

Admission:
  --webhook=BOOL                 serve the admission webhook; default true
  --webhook-port N               default 9443
  --webhook-service NAME         Service by which the API server calls it; $WEBHOOK_SERVICE, default kaito-workspace
  --webhook-secret NAME          Secret of its certificates; default workspace-webhook-cert
  --webhook-configuration NAME   ValidatingWebhookConfiguration to keep the authority of; default validation.workspace.kaito.sh

Process:
  --namespace NAME               the operator's own; $SYSTEM_NAMESPACE or $POD_NAMESPACE, default kaito-system
  --health-port N                /healthz and /readyz; default 8081
  --metrics-port N               /metrics; default 8080
  --log-level LEVEL              ${logLevels.join(', ')}; default info
  --log-format FORMAT            ${logFormats.join(', ')}; default text
  -h, --help                     print this

Exit codes: 0 stopped, 1 failed or no longer the leader, 2 wrong usage.
`;

const text = { type: 'string' } as const;
const flags = {
  kubeconfig: text,
  context: text,
  'leader-elect': text,
  'lease-duration': text,
  'renew-deadline': text,
  'retry-period': text,
  concurrency: text,
  'preset-registry': text,
  'server-image': text,
  'update-window': text,
  'node-provisioner': text,
  webhook: text,
  'webhook-port': text,
  'webhook-service': text,
  'webhook-secret': text,
  'webhook-configuration': text,
  namespace: text,
  'health-port': text,
  'metrics-port': text,
  'log-level': text,
  'log-format': text,
  help: { type: 'boolean', short: 'h' },
} as const;

type Name = Exclude<keyof typeof flags, 'help'>;

/** Reads flags and environment. `help`: only the help was asked for. @throws SettingsError */
export function readSettings(args: readonly string[], environment: NodeJS.ProcessEnv): Settings | 'help' {
  let values: Partial<Record<Name, string>> & { readonly help?: boolean };
  try {
    ({ values } = parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }));
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)} (--help lists the options)`);
  }
  if (values.help === true) return 'help';
  const whole = (name: Name, fallback: number, least: number, most: number): number => {
    const value = values[name];
    if (value === undefined) return fallback;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new SettingsError(`--${name} is "${value}"; write a whole number from ${least} to ${most}`);
  };
  const oneOf = <T extends string>(name: Name, known: readonly T[], fallback: T): T => {
    const value = values[name] ?? fallback;
    const found = known.find((each) => each === value);
    if (found !== undefined) return found;
    throw new SettingsError(`--${name} is "${value}"; write one of ${known.join(', ')}`);
  };
  const updateWindow = values['update-window'] ?? '';
  if (updateWindow !== '') {
    try {
      parseUpdateWindow(updateWindow);
    } catch (error) {
      throw new SettingsError(`--update-window: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const yes = (name: Name): boolean => oneOf(name, ['true', 'false'], 'true') === 'true';
  const seconds = (name: Name, fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (value >= 0.1 && value <= 3600) return Math.round(value * 1000);
    throw new SettingsError(`--${name} is "${values[name]}"; write seconds from 0.1 to 3600`);
  };
  const lease = {
    leaseDurationMs: seconds('lease-duration', 15),
    renewDeadlineMs: seconds('renew-deadline', 10),
    retryPeriodMs: seconds('retry-period', 2),
  };
  if (lease.leaseDurationMs <= lease.renewDeadlineMs || lease.renewDeadlineMs <= lease.retryPeriodMs) {
    throw new SettingsError(
      '--lease-duration must be longer than --renew-deadline, and that longer than --retry-period',
    );
  }
  return {
    ...(values.kubeconfig !== undefined && { kubeconfig: values.kubeconfig }),
    ...(values.context !== undefined && { context: values.context }),
    leaderElect: yes('leader-elect'),
    lease,
    concurrency: whole('concurrency', 10, 1, 1000),
    presetRegistry: values['preset-registry'] ?? environment['PRESET_REGISTRY_NAME'] ?? 'mcr.microsoft.com/aks/kaito',
    serverImage: values['server-image'] ?? 'kaito-server:0.1.0',
    ...(updateWindow !== '' && { updateWindow }),
    nodeProvisioner: oneOf('node-provisioner', ['karpenter', 'none'], 'karpenter'),
    webhook: yes('webhook'),
    webhookPort: whole('webhook-port', 9443, 0, 65_535),
    webhookService: values['webhook-service'] ?? environment['WEBHOOK_SERVICE'] ?? 'kaito-workspace',
    webhookSecret: values['webhook-secret'] ?? 'workspace-webhook-cert',
    webhookConfiguration: values['webhook-configuration'] ?? 'validation.workspace.kaito.sh',
    systemNamespace:
      values.namespace ?? environment['SYSTEM_NAMESPACE'] ?? environment['POD_NAMESPACE'] ?? 'kaito-system',
    healthPort: whole('health-port', 8081, 0, 65_535),
    metricsPort: whole('metrics-port', 8080, 0, 65_535),
    logLevel: oneOf('log-level', logLevels, 'info'),
    logFormat: oneOf('log-format', logFormats, 'text'),
  };
}
