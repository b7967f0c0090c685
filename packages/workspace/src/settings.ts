import { parseUpdateWindow } from '@kaito/api';
import {
  managerFlags,
  managerHelp,
  type ManagerSettings,
  readFlags,
  readManagerSettings,
  SettingsError,
} from '@kaito/kube';
import type { OperatorOptions } from './options.ts';

/** Everything that the process is told at its start. */
export interface Settings extends OperatorOptions, ManagerSettings {
  readonly webhook: boolean;
  readonly webhookPort: number;
  readonly webhookService: string;
  readonly webhookSecret: string;
  readonly webhookConfiguration: string;
}

export const help = `The Workspace operator: makes nodes, a workload and a Service of each Workspace, and says how it is.

Usage: kaito-workspace [options]

Cluster:
${managerHelp.cluster}
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
${managerHelp.process}

Exit codes: 0 stopped, 1 failed or no longer the leader, 2 wrong usage.
`;

const names = [
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
  ...managerFlags,
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
  return {
    ...readManagerSettings(flags, environment, 'kaito-system'),
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
  };
}
