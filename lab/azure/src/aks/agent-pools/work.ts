import type { StoredOperation } from '../../operations/operations.ts';
import type { Resource } from '../../store/store.ts';
import type { AksDeps } from '../deps.ts';
import { dropEtag } from '../etags.ts';
import { clusterOfPool } from '../names.ts';
import { behaviourOf } from '../nodes/behaviour.ts';
import { removeScaleSet, resize } from '../nodes/machines.ts';
import { kinds } from '../serialisation.ts';

/** Gives a pool the machines that it should have. @param seed of its scale set's name, where it has none yet */
export function provisionPool({ store, clock }: AksDeps, cluster: Resource, pool: Resource, seed: string): void {
  const machines = Number(pool.properties['count']) * (behaviourOf(store, pool.name).joins === 'twice' ? 2 : 1);
  resize(store, pool, cluster.id, machines, clock.now(), `${seed}/${pool.name}`);
}

export function settlePool({ store }: AksDeps, pool: string): void {
  const resource = store.get(pool);
  if (resource !== undefined)
    store.put({ ...resource, properties: { ...resource.properties, provisioningState: 'Succeeded' } });
}

/** Who carries out what is asked of agent pools. Every step may be cut off and done again. */
export function agentPoolWorkers(deps: AksDeps): void {
  const { store, operations, converge } = deps;

  operations.worker(kinds.putPool, async ({ id, resourceId }: StoredOperation, signal) => {
    const pool = store.get(resourceId);
    const cluster = store.get(clusterOfPool(resourceId));
    if (pool === undefined || cluster === undefined) return;
    provisionPool(deps, cluster, pool, id);
    await converge(cluster.id, signal);
    if (!signal.aborted) settlePool(deps, pool.id);
  });

  operations.worker(kinds.deletePool, async ({ resourceId }, signal) => {
    removeScaleSet(store, resourceId);
    await converge(clusterOfPool(resourceId), signal);
    if (signal.aborted) return;
    store.delete(resourceId);
    dropEtag(store, resourceId);
  });
}
