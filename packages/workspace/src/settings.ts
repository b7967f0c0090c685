import { parseUpdateWindow } from '@kaito/api';
import {
  leaseFlags,
  leaseTimes,
  type LogFormat,
  logFormats,
  type LogLevel,
  logLevels,
  readFlags,
  SettingsError,
} from '@kaito/kube';
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

const names = [
  'kubeconfig',
  'context',
  'concurrency',
  'preset-registry',
  'server-image',
  'update-window',
  'node-provisioner',
  'webhook',
  'webhook-port',
  'webhook-service',
  'webhook-secret',
  'webhook-configuration',
  'namespace',
  'health-port',
  'metrics-port',
  'log-level',
  'log-format',
  ...leaseFlags,
] as const;

/** Reads flags and environment. `help`: only the help was asked for. @throws SettingsError */
export function readSettings(args: readonly string[], environment: NodeJS.ProcessEnv): Settings | 'help' {
  const flags = readFlags(args, names);
  if (flags === 'help') return 'help';
  const { text, whole, oneOf, yes } = flags;
  const updateWindow = text('update-window') ?? '';
  if (updateWindow !== '') {
    try {
      parseUpdateWindow(updateWindow);
    } catch (error) {
      throw new SettingsError(`--update-window: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const [kubeconfig, context] = [text('kubeconfig'), text('context')];
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    leaderElect: yes('leader-elect', true),
    lease: leaseTimes(flags),
    concurrency: whole('concurrency', 10, 1, 1000),
    presetRegistry: text('preset-registry') ?? environment['PRESET_REGISTRY_NAME'] ?? 'mcr.microsoft.com/aks/kaito',
    serverImage: text('server-image') ?? 'kaito-server:0.1.0',
    ...(updateWindow !== '' && { updateWindow }),
    nodeProvisioner: oneOf('node-provisioner', ['karpenter', 'none'], 'karpenter'),
    webhook: yes('webhook', true),
    webhookPort: whole('webhook-port', 9443, 0, 65_535),
    webhookService: text('webhook-service') ?? environment['WEBHOOK_SERVICE'] ?? 'kaito-workspace',
    webhookSecret: text('webhook-secret') ?? 'workspace-webhook-cert',
    webhookConfiguration: text('webhook-configuration') ?? 'validation.workspace.kaito.sh',
    systemNamespace:
      text('namespace') ?? environment['SYSTEM_NAMESPACE'] ?? environment['POD_NAMESPACE'] ?? 'kaito-system',
    healthPort: whole('health-port', 8081, 0, 65_535),
    metricsPort: whole('metrics-port', 8080, 0, 65_535),
    logLevel: oneOf('log-level', logLevels, 'info'),
    logFormat: oneOf('log-format', logFormats, 'text'),
  };
}
