import type { ArmError } from '../../errors/arm-error.ts';
import type { StoredOperation } from '../../operations/operations.ts';
import type { JsonObject, Resource } from '../../store/store.ts';
import { type AddonChange, isAddonEnabled, settleAddon } from '../addon/settle.ts';
import { provisionPool, settlePool } from '../agent-pools/work.ts';
import { type AksDeps, specOf } from '../deps.ts';
import { controlPlaneFailed } from '../errors.ts';
import { dropEtag } from '../etags.ts';
import { dropIssuer } from '../issuer/issuer-url.ts';
import { machinesOf, removeMachine, removeScaleSet } from '../nodes/machines.ts';
import { kinds } from '../serialisation.ts';
import { poolsOf } from '../views.ts';
import { startControlPlane } from './control-plane.ts';
import { ensureKubeletIdentity, ensureNodeGroup, removeNodeGroup } from './node-resources.ts';

/** Who carries out what is asked of clusters. Every step may be cut off and done again. */
export function clusterWorkers(deps: AksDeps): void {
  const { store, operations, driver, converge, principals } = deps;

  const change = (cluster: string, properties: JsonObject): void => {
    const resource = store.get(cluster);
    if (resource !== undefined) store.put({ ...resource, properties: { ...resource.properties, ...properties } });
  };

  async function start(cluster: Resource): Promise<void> {
    try {
      await startControlPlane(deps, cluster);
    } catch (error) {
      throw controlPlaneFailed(error instanceof Error ? error.message : String(error));
    }
  }

  operations.worker(
    kinds.putCluster,
    async ({ id, resourceId, input }, signal) => {
      const given = store.get(resourceId);
      if (given === undefined) return;
      ensureNodeGroup(deps, given);
      change(resourceId, {
        identityProfile: {
          kubeletidentity: ensureKubeletIdentity(deps, given),
          ...(given.properties['identityProfile'] as JsonObject | undefined),
        },
      });
      const cluster = store.get(resourceId)!;
      await start(cluster);
      const pools = poolsOf(store, resourceId).filter(({ name }) =>
        (input['pools'] as readonly string[]).includes(name),
      );
      for (const pool of pools) provisionPool(deps, cluster, pool, id);
      await converge(resourceId, signal);
      await settleAddon(deps, cluster, input['addon'] as AddonChange, signal);
      if (signal.aborted) return;
      for (const pool of pools) settlePool(deps, pool.id);
      change(resourceId, { provisioningState: 'Succeeded' });
    },
    (operation, error) => fail(deps, operation, error),
  );

  operations.worker(kinds.startCluster, async ({ id, resourceId }, signal) => {
    const cluster = store.get(resourceId);
    if (cluster === undefined) return;
    await start(cluster);
    change(resourceId, { powerState: { code: 'Running' } });
    for (const pool of poolsOf(store, resourceId)) {
      change(pool.id, { powerState: { code: 'Running' } });
      provisionPool(deps, cluster, pool, id);
    }
    await converge(resourceId, signal);
    if (signal.aborted) return;
    change(resourceId, { provisioningState: 'Succeeded' });
  });

  operations.worker(kinds.stopCluster, async ({ resourceId }, signal) => {
    const cluster = store.get(resourceId);
    if (cluster === undefined) return;
    for (const machine of machinesOf(store, resourceId)) removeMachine(store, machine);
    await converge(resourceId, signal);
    if (signal.aborted) return;
    await driver.stop(specOf(deps, cluster));
    for (const pool of poolsOf(store, resourceId)) change(pool.id, { powerState: { code: 'Stopped' } });
    change(resourceId, { powerState: { code: 'Stopped' }, provisioningState: 'Succeeded' });
  });

  operations.worker(kinds.deleteCluster, async ({ resourceId }, signal) => {
    const cluster = store.get(resourceId);
    if (cluster === undefined) return;
    const pools = poolsOf(store, resourceId);
    for (const pool of pools) removeScaleSet(store, pool.id);
    await converge(resourceId, signal);
    if (driver.shared && isAddonEnabled(cluster.properties)) await settleAddon(deps, cluster, 'remove', signal);
    await driver.remove(specOf(deps, cluster));
    if (signal.aborted) return;
    for (const { id } of pools) {
      store.delete(id);
      dropEtag(store, id);
    }
    removeNodeGroup(deps, cluster);
    const { principalId } = cluster.identity ?? {};
    if (typeof principalId === 'string') principals.delete(principalId);
    dropIssuer(store, String(cluster.properties['resourceUID']));
    store.delete(resourceId);
    dropEtag(store, resourceId);
  });
}

/** A cluster that could not be brought to what was asked: it and its pools that were on their way say so. */
function fail({ store, logger }: AksDeps, { resourceId }: StoredOperation, error: ArmError): void {
  logger.log('warn', 'an operation of a cluster failed', { cluster: resourceId, error });
  const cluster = store.get(resourceId);
  if (cluster === undefined) return;
  for (const each of [cluster, ...poolsOf(store, resourceId)]) {
    if (each.properties['provisioningState'] !== 'Succeeded')
      store.put({ ...each, properties: { ...each.properties, provisioningState: 'Failed' } });
  }
}
