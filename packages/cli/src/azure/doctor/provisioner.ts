import { deployments, type Live, pods, serviceAccounts } from '@kaito/kube';
import type { ManagedCluster } from '@kaito/azure';
import { deploymentSelectors, nameOf, roleOf } from '@kaito/workspace/neighbour';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Cluster } from '../../cluster/connect.ts';
import { asCheck as asClusterCheck } from '../../cluster/doctor/finding.ts';
import type { AksFlags } from '../cluster.ts';
import { againFlags, groupAndName } from '../command-line.ts';
import { provisionerName } from '../names.ts';
import { resourceGroupOf, sameName } from '../resource-id.ts';
import type { AzureCheck } from './check.ts';

/** What the cluster says of its provisioner. */
export interface ProvisionerSeen {
  readonly checks: readonly AzureCheck[];
  /** Absent: there is none, or it cannot be seen. */
  readonly namespace?: string;
  /** The client id of the identity that its pods take themselves for. */
  readonly clientId?: string;
}

const clientIdAnnotation = 'azure.workload.identity/client-id';
const check = 'provisioner';

/** Whether the provisioner runs, for this cluster, and why its pods end. */
export async function lookAtProvisioner(
  { client }: Cluster,
  managed: ManagedCluster,
  flags: AksFlags,
): Promise<ProvisionerSeen> {
  try {
    const { items } = await client.list(deployments, { fieldSelector: `metadata.name=${provisionerName}` });
    const [deployment] = items;
    if (deployment === undefined) return { checks: [await absent(client, managed, flags)] };
    const namespace = deployment.metadata.namespace ?? '';
    const labels = Object.entries(deployment.spec?.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
    const [account, its] = await Promise.all([
      client.list(serviceAccounts, { namespace, fieldSelector: `metadata.name=${provisionerName}` }),
      client.list(pods, { namespace, labelSelector: labels.join(',') }),
    ]);
    const clientId =
      environmentOf(deployment).get('AZURE_CLIENT_ID') ?? account.items[0]?.metadata.annotations?.[clientIdAnnotation];
    return {
      checks: [health(deployment, its.items), ...target(deployment, managed, flags)],
      namespace,
      ...(clientId !== undefined && { clientId }),
    };
  } catch (error) {
    return { checks: [asClusterCheck(error, check)] };
  }
}

async function absent(
  client: Cluster['client'],
  { aiToolchainOperator }: ManagedCluster,
  flags: AksFlags,
): Promise<AzureCheck> {
  const lists = await Promise.all(
    deploymentSelectors.map((labelSelector) => client.list(deployments, { labelSelector })),
  );
  const other = lists.flatMap(({ items }) => items).find((each) => roleOf(each) === 'provisioner');
  if (other !== undefined)
    return {
      name: check,
      state: 'warning',
      found: `another KAITO's provisioner makes the machines: ${nameOf(other)}`,
      remedy: `kaito azure setup ${againFlags(flags)} --take-over`,
    };
  const found = `there is no Deployment ${provisionerName} in any namespace: nobody rents machines`;
  const remedy = aiToolchainOperator
    ? `az aks update ${groupAndName(flags)} --enable-ai-toolchain-operator`
    : `kaito azure setup ${againFlags(flags)} --install`;
  return { name: check, state: 'failed', found, remedy };
}

function health(
  { metadata: { name = '', namespace = '' }, spec, status }: Live<Deployment>,
  its: readonly Live<Pod>[],
): AzureCheck {
  const wanted = spec?.replicas ?? 1;
  const ready = status?.readyReplicas ?? 0;
  const found = `${namespace}/${name}: ${ready} of ${wanted} pods ready`;
  if (wanted > 0 && ready >= wanted) return { name: check, state: 'ok', found };
  const state = ready === 0 ? 'failed' : 'warning';
  const ended = its
    .flatMap((pod) => pod.status?.containerStatuses ?? [])
    .find(({ state }) => state?.waiting !== undefined || state?.terminated !== undefined);
  const waiting = ended?.state?.waiting;
  const last = ended?.state?.terminated ?? ended?.lastState?.terminated;
  const message = last?.message?.trim() ?? waiting?.message?.trim();
  const why = [waiting?.reason ?? last?.reason, message].filter((part) => part != null && part !== '').join(': ');
  return {
    name: check,
    state,
    found: why === '' ? found : `${found}; ${why}`,
    // Its own words hold the command that mends it.
    remedy:
      remedyIn(message) ??
      (wanted === 0
        ? `kubectl scale deployment ${name} -n ${namespace} --replicas=1`
        : `kubectl describe pod -n ${namespace} -l app.kubernetes.io/name=${name}`),
  };
}

function remedyIn(message: string | undefined): string | undefined {
  return /\b(az [a-z][^\n]*)/.exec(message ?? '')?.[1];
}

/** Whether it makes the agent pools of this cluster, and not of another. */
function target(deployment: Live<Deployment>, managed: ManagedCluster, flags: AksFlags): readonly AzureCheck[] {
  const env = environmentOf(deployment);
  const wanted = {
    ARM_SUBSCRIPTION_ID: managed.id.split('/')[2] ?? '',
    ARM_RESOURCE_GROUP: resourceGroupOf(managed.id),
    AZURE_CLUSTER_NAME: managed.name,
  };
  const wrong = Object.entries(wanted).filter(([name, value]) => env.has(name) && !sameName(env.get(name)!, value));
  if (wrong.length === 0) return [];
  const found = wrong.map(([name, value]) => `${name} is ${env.get(name)} and not ${value}`).join(', ');
  return [
    {
      name: check,
      state: 'failed',
      found: `it is set to another cluster: ${found}`,
      remedy: `kaito azure setup ${againFlags(flags)} --install`,
    },
  ];
}

function environmentOf({ spec }: Live<Deployment>): ReadonlyMap<string, string> {
  const entries = (spec?.template.spec?.containers ?? []).flatMap(({ env = [] }) => env);
  return new Map(
    entries.flatMap(({ name, value }) => (value === undefined || value === '' ? [] : [[name, value] as const])),
  );
}
