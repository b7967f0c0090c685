import { deterministicGuid, type ManagedCluster, type Rights } from '@kaito/azure';
import { groupScopeOf, nameOf, resourceGroupOf } from './resource-id.ts';
import { roleNameOf } from './names.ts';

/** Rights that the provisioner needs at one scope, and the roles that give them. */
export interface Need {
  /** For people: `the cluster kaito`. */
  readonly where: string;
  /** Where the role is given. */
  readonly scope: string;
  readonly actions: readonly string[];
  /** A role of its own, kept in a resource group. */
  readonly custom: {
    readonly roleName: string;
    /** Where another cluster of the tenant has taken that name: role names are unique within a tenant. */
    readonly otherName: string;
    readonly description: string;
    readonly scope: string;
    readonly actions: readonly string[];
  };
  /** The narrowest role of Azure's own, and what it lets do beside. Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles. */
  readonly builtIn: { readonly roleName: string; readonly reaches: string };
}

/** What making, reading and deleting agent pools takes, without anything that reaches into the cluster. */
const poolActions = [
  'Microsoft.ContainerService/managedClusters/read',
  'Microsoft.ContainerService/managedClusters/agentPools/read',
  'Microsoft.ContainerService/managedClusters/agentPools/write',
  'Microsoft.ContainerService/managedClusters/agentPools/delete',
];
/** For following long operations. They are kept at the subscription, so a role at the cluster may name it and need not. */
const followAction = 'Microsoft.ContainerService/locations/operations/read';
/** A pool in a subnet of the person's own joins it, for which Azure asks whoever makes the pool. */
const joinActions = [
  'Microsoft.Network/virtualNetworks/subnets/join/action',
  'Microsoft.Network/virtualNetworks/subnets/read',
];

/** All that the provisioner needs: on the cluster, and on each subnet that pools are put into. */
export function needsOf(cluster: ManagedCluster): readonly Need[] {
  const subnets = cluster.agentPools.flatMap(({ vnetSubnetID, podSubnetID }) => [vnetSubnetID, podSubnetID]);
  const distinct = new Map(subnets.flatMap((id) => (id === undefined ? [] : [[id.toLowerCase(), id] as const])));
  return [
    {
      where: `the cluster ${cluster.name}`,
      scope: cluster.id,
      actions: poolActions,
      custom: {
        ...roleNames(roleNameOf(cluster.name), cluster.id),
        description: `What KAITO's GPU provisioner does on the AKS cluster ${cluster.name}: makes, reads and deletes agent pools.`,
        scope: groupScopeOf(cluster.id),
        actions: [...poolActions, followAction],
      },
      builtIn: {
        roleName: 'Azure Kubernetes Service Contributor Role',
        reaches: 'it may also change and delete the cluster itself, and get its administrator credentials',
      },
    },
    ...[...distinct.values()].map((id) => ({
      where: `the subnet ${nameOf(id)} in resource group ${resourceGroupOf(id)}`,
      scope: id,
      actions: joinActions,
      custom: {
        ...roleNames(`${roleNameOf(cluster.name)} subnet ${nameOf(id)}`, cluster.id),
        description: `Lets the agent pools that KAITO makes for the AKS cluster ${cluster.name} join the subnet ${nameOf(id)}.`,
        scope: groupScopeOf(id),
        actions: joinActions,
      },
      builtIn: { roleName: 'Network Contributor', reaches: 'it may also change and delete the subnet' },
    })),
  ];
}

function roleNames(roleName: string, id: string) {
  return { roleName, otherName: `${roleName} ${deterministicGuid(id).slice(0, 8)}` };
}

/** The seed's grant: everything in the cluster's resource group. */
export const contributor = {
  roleName: 'Contributor',
  reaches: 'it may change and delete everything in the resource group',
} as const;

/** What no provisioner should be able to do, each by an action that stands for it. */
const tooMuch: readonly (readonly [action: string, can: string])[] = [
  ['Microsoft.Authorization/roleAssignments/write', 'give itself and others any role'],
  ['Microsoft.ContainerService/managedClusters/delete', 'delete the cluster'],
  ['Microsoft.ContainerService/managedClusters/write', 'change the cluster'],
  [
    'Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action',
    'become administrator of the cluster',
  ],
];

/** What rights let do that no provisioner should, in words. */
export function excessOf(rights: Pick<Rights, 'allows'>): readonly string[] {
  return tooMuch.flatMap(([action, can]) => (rights.allows(action) ? [can] : []));
}
