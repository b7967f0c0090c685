import { AzureError, type ManagedCluster } from '@kaito/azure';
import { isForbidden, nodes } from '@kaito/kube';
import type { Cluster } from '../cluster/connect.ts';
import { onCluster } from '../cluster/connect.ts';
import { Failure, failure } from '../failure.ts';
import type { Session } from '../session.ts';
import type { TargetFlags } from '../workspace/target.ts';
import { groupAndName } from './command-line.ts';
import type { AzureAccess } from './connect.ts';
import { resourceGroupOf, sameName } from './resource-id.ts';

/** How a command names an AKS cluster. */
export interface AksFlags extends TargetFlags {
  readonly resourceGroup: string;
  readonly name: string;
  readonly subscription?: string;
}

/** The cluster that the flags name. Throws Failure ClusterNotFound with the names of those that there are. */
export async function managedClusterOf(azure: AzureAccess, { resourceGroup, name }: AksFlags): Promise<ManagedCluster> {
  try {
    return await azure.clusters.get(resourceGroup, name);
  } catch (error) {
    if (!(error instanceof AzureError) || error.code !== 'ClusterNotFound') throw error;
    const others = await azure.clusters.list().catch(() => []);
    const named = others.slice(0, 5).map((each) => `${each.name} in ${resourceGroupOf(each.id)}`);
    throw failure(
      'ClusterNotFound',
      `There is no AKS cluster ${name} in resource group ${resourceGroup} of subscription ${azure.subscriptionId}.`,
      named.length === 0
        ? 'See what there is: az aks list -o table; in another subscription: --subscription ID.'
        : `There are: ${named.join(', ')}. In another subscription: --subscription ID.`,
    );
  }
}

/** The Kubernetes side of an AKS cluster: connected, or why it is not looked at. */
export type KubernetesSide =
  | { readonly cluster: Cluster; readonly reason?: undefined }
  | { readonly cluster?: undefined; readonly reason: string; readonly remedy: string };

/**
 * Runs `work` with the cluster of the kubeconfig's context, where that is the AKS cluster; else with the reason why it is not looked at.
 * Throws Failure OtherCluster where the person named a context of another cluster.
 */
export async function withKubernetes<T>(
  session: Session,
  managed: ManagedCluster,
  flags: TargetFlags,
  work: (side: KubernetesSide) => Promise<T>,
): Promise<T> {
  const remedy = `az aks get-credentials ${groupAndName({ resourceGroup: resourceGroupOf(managed.id), name: managed.name })}`;
  const named = flags.context != null || flags.kubeconfig != null;
  let began = false;
  let result: { readonly value: T } | undefined;
  const run = async (side: KubernetesSide) => {
    began = true;
    result = { value: await work(side) };
  };
  try {
    const { context, kubeconfig } = flags;
    const target = {
      kind: 'cluster',
      ...(context != null && { context }),
      ...(kubeconfig != null && { kubeconfig }),
      flags: flagsText(flags),
    } as const;
    await onCluster(session, target, async (cluster) => {
      const which = await whichCluster(cluster, managed);
      if (which === 'another' && named)
        throw failure(
          'OtherCluster',
          `The kubeconfig's context is not the AKS cluster ${managed.name}: its nodes are elsewhere.`,
          remedy,
        );
      await run(
        which === 'another'
          ? { reason: `${cluster.where.replace(/^on /, '')} is not this AKS cluster`, remedy }
          : { cluster },
      );
      return 0;
    });
  } catch (error) {
    if (began || !(error instanceof Failure) || named) throw error;
    await run({ reason: error.message, remedy });
  }
  return result!.value;
}

function flagsText({ context, kubeconfig }: TargetFlags): string {
  return `${context == null ? '' : ` --context ${context}`}${kubeconfig == null ? '' : ` --kubeconfig ${kubeconfig}`}`;
}

/** By where Azure says its nodes are; `unknown` where there are none, or the person may not see them. */
async function whichCluster(
  { client }: Cluster,
  { nodeResourceGroup = '' }: ManagedCluster,
): Promise<'this' | 'another' | 'unknown'> {
  try {
    const { items } = await client.list(nodes);
    const groups = items.flatMap(({ spec }) => {
      const group = resourceGroupOf(spec?.providerID ?? '');
      return group === '' ? [] : [group];
    });
    if (groups.length === 0) return 'unknown';
    return groups.some((group) => sameName(group, nodeResourceGroup)) ? 'this' : 'another';
  } catch (error) {
    if (isForbidden(error)) return 'unknown';
    throw error;
  }
}
