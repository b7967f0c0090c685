import type { Operations, StoredOperation } from '../operations/operations.ts';
import type { Resource, Store } from '../store/store.ts';
import { clusterStopped, inProgress } from './errors.ts';
import { objectAt } from './fields.ts';
import { settings } from './settings.ts';

/** Kinds of operations, and what AKS calls them when they are in another's way. */
export const kinds = {
  putCluster: 'aks/put-cluster',
  deleteCluster: 'aks/delete-cluster',
  startCluster: 'aks/start-cluster',
  stopCluster: 'aks/stop-cluster',
  putPool: 'aks/put-agent-pool',
  deletePool: 'aks/delete-agent-pool',
} as const;

function words({ kind, input }: StoredOperation): string {
  const verb = input['create'] === true ? 'create' : 'update';
  switch (kind) {
    case kinds.putCluster:
      return `${verb} managed cluster`;
    case kinds.deleteCluster:
      return 'delete managed cluster';
    case kinds.startCluster:
      return 'start managed cluster';
    case kinds.stopCluster:
      return 'stop managed cluster';
    case kinds.putPool:
      return `${verb} node pool`;
    default:
      return 'delete node pool';
  }
}

/**
 * One operation at a time and cluster; where that was switched off, one per pool still.
 *
 * @param resourceId what the new operation is about: a cluster or a pool
 * @throws ArmError while another runs
 */
export function requireIdle(store: Store, operations: Operations, cluster: Resource, resourceId: string): void {
  const all = operations.underWay(cluster.id);
  const inTheWay = settings(store).serialised
    ? all
    : all.filter(
        (other) =>
          resourceId === cluster.id ||
          other.resourceId === cluster.id ||
          other.resourceId.toLowerCase() === resourceId.toLowerCase(),
      );
  const [first] = inTheWay;
  if (first !== undefined) throw inProgress(words(first), new Date(first.startTime).toUTCString());
}

export function isStopped(cluster: Resource): boolean {
  return objectAt(cluster.properties, 'powerState')['code'] === 'Stopped';
}

/** @throws ArmError while the cluster is stopped */
export function requireRunning(cluster: Resource): void {
  if (isStopped(cluster)) throw clusterStopped(cluster.name);
}
