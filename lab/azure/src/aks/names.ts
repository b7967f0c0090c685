import { createHash } from 'node:crypto';

/** Names and ids as AKS makes them. */

export const clusterType = 'Microsoft.ContainerService/managedClusters';
export const poolType = 'Microsoft.ContainerService/managedClusters/agentPools';

export const groupId = (subscriptionId: string, group: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${group}`;

/** @param group id of the resource group */
export const clusterId = (group: string, name: string): string => `${group}/providers/${clusterType}/${name}`;

export const poolId = (cluster: string, name: string): string => `${cluster}/agentPools/${name}`;

/** The cluster that a pool is of. */
export const clusterOfPool = (pool: string): string => pool.slice(0, pool.toLowerCase().lastIndexOf('/agentpools/'));

/** The parts of a cluster's id. */
export function partsOf(cluster: string): {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
} {
  const [, , subscriptionId = '', , resourceGroup = '', , , , name = ''] = cluster.split('/');
  return { subscriptionId, resourceGroup, name };
}

/** Where AKS puts what it makes for a cluster; at most 80 characters. */
export const nodeResourceGroup = (group: string, cluster: string, location: string): string =>
  `MC_${group}_${cluster}_${location}`.slice(0, 80);

export const identityId = (nodeGroup: string, name: string): string =>
  `${nodeGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

/** Text of digits, or of hexadecimal ones, that follows from `seed` alone. */
export function digits(seed: string, length: number, alphabet = '0123456789'): string {
  const bytes = createHash('sha256').update(seed).digest();
  return Array.from({ length }, (_, index) => alphabet[bytes[index % bytes.length]! % alphabet.length]).join('');
}

/** @param seed tells two pools of one name apart, one of which came after the other was gone */
export const scaleSetName = (pool: string, seed: string): string => `aks-${pool}-${digits(seed, 8)}-vmss`;

/** The host name of instance `index` of a scale set: its number in base 36, six characters. */
export const machineName = (scaleSet: string, index: number): string =>
  `${scaleSet}${index.toString(36).padStart(6, '0')}`;

export const providerId = (subscriptionId: string, nodeGroup: string, scaleSet: string, index: number): string =>
  `azure:///subscriptions/${subscriptionId}/resourceGroups/${nodeGroup.toLowerCase()}/providers/Microsoft.Compute/virtualMachineScaleSets/${scaleSet}/virtualMachines/${index}`;
