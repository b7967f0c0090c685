import {
  managerFlags,
  managerHelp,
  type ManagerSettings,
  readFlags,
  readManagerSettings,
  SettingsError,
} from '@kaito/kube';
import type { ProvisionerOptions } from './options.ts';

/** Everything that the process is told at its start. */
export interface Settings extends ProvisionerOptions, ManagerSettings {
  /** Quotas and offers are looked at before a pool is asked for. */
  readonly preflight: boolean;
  /** Where the reason of an exit is left for `kubectl describe pod`. */
  readonly terminationLog: string;
  readonly identity: IdentitySettings;
}

/** As whom the provisioner speaks to Azure. */
export type IdentitySettings =
  | {
      /** The pod's ServiceAccount, federated with an identity. */
      readonly kind: 'federated';
      readonly tenantId: string;
      readonly clientId: string;
      readonly tokenFile: string;
    }
  /** The identity of the node. */
  | { readonly kind: 'managed'; readonly clientId?: string };

export const help = `The GPU provisioner: makes an AKS agent pool of each NodeClaim of KAITO, and takes it away with it.

Usage: kaito-gpu-provisioner [options]

Environment, set by the chart:
  ARM_SUBSCRIPTION_ID            subscription of the AKS cluster
  ARM_RESOURCE_GROUP             resource group of the cluster itself, not of its nodes
  AZURE_CLUSTER_NAME             its name
  LOCATION                       its region, e.g. westus3
  AZURE_TENANT_ID                tenant of the identity
  AZURE_CLIENT_ID                client id of the identity
  AZURE_FEDERATED_TOKEN_FILE     token of the pod's ServiceAccount for audience api://AzureADTokenExchange; it may be renewed at any time
  AZURE_ENVIRONMENT              AzureCloud (default), AzureUSGovernment or AzureChinaCloud
  AZURE_AUTHORITY_HOST           Entra ID, default that of the cloud
  ARM_ENDPOINT                   Resource Manager of a cloud that is none of these; it is asked what it is
  DEPLOYMENT_MODE                self-hosted (default): a federated ServiceAccount; managed: the identity of the node

Cluster:
${managerHelp.cluster}
  --concurrency N                NodeClaims worked on at once; default 20

Machines:
  --pool-operations N            node pools made or deleted at once; where AKS allows fewer, that is found out; default 10
  --preflight=BOOL               look at quotas and offers before a pool is asked for; default true
  --wait-for-gpu=BOOL            a GPU machine is Initialized only when its node offers nvidia.com/gpu; default false
  --retry-after DURATION         a machine that cannot be had is asked for again after so long, then after twice that, up to ten times; default 60s
  --launch-timeout DURATION      a pool that is not there by then is taken away and tried again; default 30m
  --registration-timeout DURATION    a machine whose node has not joined by then is given up; default 15m
  --initialization-timeout DURATION  a node that takes no pods by then is given up; default 20m
  --repair-after DURATION        a node that is not Ready for so long is replaced; default 10m

Process:
  --namespace NAME               the provisioner's own; $SYSTEM_NAMESPACE or $POD_NAMESPACE, default kaito-system
  --termination-log FILE         where the reason of an exit is left; $TERMINATION_LOG, default /dev/termination-log
${managerHelp.process}

Exit codes: 0 stopped, 1 failed or no longer the leader, 2 wrong usage.
`;

const names = [
  'concurrency',
  'pool-operations',
  'preflight',
  'wait-for-gpu',
  'retry-after',
  'launch-timeout',
  'registration-timeout',
  'initialization-timeout',
  'repair-after',
  'termination-log',
  ...managerFlags,
] as const;

/** Reads flags and environment. `help`: only the help was asked for. @throws SettingsError */
export function readSettings(args: readonly string[], environment: NodeJS.ProcessEnv): Settings | 'help' {
  const flags = readFlags(args, names);
  if (flags === 'help') return 'help';
  const { text, whole, yes, duration } = flags;
  const clientId = trimmed(environment, 'AZURE_CLIENT_ID');
  return {
    ...readManagerSettings(flags, environment, 'kaito-system'),
    cluster: {
      subscriptionId: needed(environment, 'ARM_SUBSCRIPTION_ID', 'the subscription of the AKS cluster', isUUID),
      resourceGroup: needed(environment, 'ARM_RESOURCE_GROUP', 'the resource group of the AKS cluster itself', isName),
      name: needed(environment, 'AZURE_CLUSTER_NAME', 'the name of the AKS cluster', isName),
      location: needed(environment, 'LOCATION', 'the region of the AKS cluster, such as westus3', /^[A-Za-z0-9]+$/),
    },
    ...(clientId !== undefined && { clientId }),
    identity: readIdentity(environment),
    concurrency: whole('concurrency', 20, 1, 1000),
    poolOperations: whole('pool-operations', 10, 1, 100),
    preflight: yes('preflight', true),
    waitForGpu: yes('wait-for-gpu', false),
    retryAfterMs: duration('retry-after', '60s'),
    timeouts: {
      launchMs: duration('launch-timeout', '30m'),
      registrationMs: duration('registration-timeout', '15m'),
      initializationMs: duration('initialization-timeout', '20m'),
      repairMs: duration('repair-after', '10m'),
    },
    terminationLog: text('termination-log') ?? environment['TERMINATION_LOG'] ?? '/dev/termination-log',
  };
}

const isUUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Of resource groups and clusters. */
const isName = /^[-\w.()]{1,90}$/;

function trimmed(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

function needed(environment: NodeJS.ProcessEnv, name: string, what: string, pattern: RegExp): string {
  const value = trimmed(environment, name);
  if (value === undefined) throw new SettingsError(`${name} is not set: ${what}`);
  if (!pattern.test(value)) throw new SettingsError(`${name} is "${value}", which cannot be ${what}`);
  return value;
}

function readIdentity(environment: NodeJS.ProcessEnv): IdentitySettings {
  const mode = trimmed(environment, 'DEPLOYMENT_MODE') ?? 'self-hosted';
  const clientId = trimmed(environment, 'AZURE_CLIENT_ID');
  if (mode === 'managed') return { kind: 'managed', ...(clientId !== undefined && { clientId }) };
  if (mode !== 'self-hosted') throw new SettingsError(`DEPLOYMENT_MODE is "${mode}"; write self-hosted or managed`);
  return {
    kind: 'federated',
    tenantId: needed(environment, 'AZURE_TENANT_ID', 'the tenant of the identity', /^[-\w.]+$/),
    clientId: needed(environment, 'AZURE_CLIENT_ID', 'the client id of the identity', isUUID),
    tokenFile: needed(
      environment,
      'AZURE_FEDERATED_TOKEN_FILE',
      "the file of the ServiceAccount's token for audience api://AzureADTokenExchange",
      /^\//,
    ),
  };
}
