import type { JsonObject, Resource } from '../../store/store.ts';
import type { Emulator } from '../../wire/service.ts';
import { groupId, identityId, partsOf } from '../names.ts';

/** What AKS makes for a cluster beside it: the resource group of its nodes, with managed identities. */

type Deps = Pick<Emulator, 'store' | 'principals' | 'authorization' | 'tenantId'>;

const identityType = 'Microsoft.ManagedIdentity/userAssignedIdentities';

/** Id of the resource group of a cluster's nodes. */
export function nodeGroupId(cluster: Resource): string {
  return groupId(partsOf(cluster.id).subscriptionId, String(cluster.properties['nodeResourceGroup']));
}

export const addonIdentityId = (cluster: Resource): string =>
  identityId(nodeGroupId(cluster), `ai-toolchain-operator-${cluster.name}`);

/** Makes the group where it is not there; the cluster's own identity may do everything in it. */
export function ensureNodeGroup({ store, authorization }: Deps, cluster: Resource): void {
  const id = nodeGroupId(cluster);
  if (store.get(id) !== undefined) return;
  store.put({
    id,
    name: String(cluster.properties['nodeResourceGroup']),
    type: 'Microsoft.Resources/resourceGroups',
    ...(cluster.location !== undefined && { location: cluster.location }),
    managedBy: cluster.id,
    tags: { 'aks-managed-cluster-name': cluster.name, 'aks-managed-cluster-rg': partsOf(cluster.id).resourceGroup },
    properties: { provisioningState: 'Succeeded' },
  });
  const { principalId, userAssignedIdentities = {} } = cluster.identity ?? {};
  const [assigned] = Object.values(userAssignedIdentities as Readonly<Record<string, JsonObject>>);
  authorization.assign(String(principalId ?? assigned?.['principalId']), id, 'Contributor');
}

/** A managed identity of the node group, made where it is not there: its `principalId` and `clientId`. */
export function ensureIdentity({ store, principals, tenantId }: Deps, cluster: Resource, id: string): JsonObject {
  const existing = store.get(id);
  if (existing !== undefined) return existing.properties;
  const name = id.slice(id.lastIndexOf('/') + 1);
  const principal = principals.create({
    displayName: name,
    servicePrincipalType: 'ManagedIdentity',
    alternativeId: id,
  });
  const properties = { tenantId, principalId: principal.id, clientId: principal.appId };
  store.put({
    id,
    name,
    type: identityType,
    ...(cluster.location !== undefined && { location: cluster.location }),
    properties,
  });
  return properties;
}

/** The identity that the nodes' kubelets pull images as. */
export function ensureKubeletIdentity(deps: Deps, cluster: Resource): JsonObject {
  const id = identityId(nodeGroupId(cluster), `${cluster.name}-agentpool`);
  const { clientId, principalId } = ensureIdentity(deps, cluster, id);
  return { resourceId: id, clientId, objectId: principalId };
}

/** Ends a managed identity, with what lies below it and its principal. */
export function removeIdentity({ store, principals }: Deps, id: string): void {
  const identity = store.get(id);
  if (identity === undefined) return;
  for (const below of store.list(id)) store.delete(below.id);
  const { principalId } = identity.properties;
  if (typeof principalId === 'string') principals.delete(principalId);
  store.delete(id);
}

/** Ends the group of a cluster's nodes and all in it. */
export function removeNodeGroup(deps: Deps, cluster: Resource): void {
  const id = nodeGroupId(cluster);
  for (const { id: identity } of deps.store.list(id, identityType)) removeIdentity(deps, identity);
  for (const below of deps.store.list(id)) deps.store.delete(below.id);
  deps.store.delete(id);
}
