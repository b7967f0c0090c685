import type { Json, JsonObject, Resource, Store } from '../store/store.ts';
import type { Operations } from '../operations/operations.ts';
import { etagOf } from './etags.ts';
import { poolType } from './names.ts';

/** The pools of a cluster, in the order they were made known. */
export function poolsOf(store: Store, cluster: string): readonly Resource[] {
  return store.list(cluster, poolType);
}

/** A pool as a GET answers it. */
export function poolView(store: Store, pool: Resource): JsonObject {
  const { id, name, type, properties } = pool;
  return { id, name, type, properties: { ...properties, eTag: etagOf(store, id) } };
}

/** A cluster as a GET answers it, its pools within. */
export function clusterView(store: Store, operations: Operations, cluster: Resource): JsonObject {
  const { properties, ...envelope } = cluster;
  const state = properties['provisioningState'];
  const ofPool = operations.underWay(cluster.id).some(({ resourceId }) => resourceId.length > cluster.id.length);
  return {
    ...(envelope as unknown as JsonObject),
    eTag: etagOf(store, cluster.id),
    properties: {
      ...properties,
      provisioningState: state === 'Succeeded' && ofPool ? 'Updating' : (state as Json),
      agentPoolProfiles: poolsOf(store, cluster.id).map((pool) => ({
        name: pool.name,
        ...pool.properties,
        eTag: etagOf(store, pool.id),
      })),
    },
  };
}
