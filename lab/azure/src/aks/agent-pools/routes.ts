import { resourceGroupNotFound, resourceNotFound } from '../../errors/resource-errors.ts';
import { invalidParameter } from '../../errors/request-errors.ts';
import type { Resource } from '../../store/store.ts';
import type { ArmAnswer, ArmRequest, ArmRoute } from '../../wire/service.ts';
import { apiVersions } from '../api-versions.ts';
import type { AksDeps } from '../deps.ts';
import { noSystemPool, parentNotFound, poolNotFound, tooManyPools } from '../errors.ts';
import { checkPreconditions, renewEtag } from '../etags.ts';
import { isObject } from '../fields.ts';
import { clusterId, groupId, poolId, poolType } from '../names.ts';
import { kinds, requireIdle, requireRunning } from '../serialisation.ts';
import { settings } from '../settings.ts';
import { poolView, poolsOf } from '../views.ts';
import { requireSubnetRights } from './linked-rights.ts';
import { demandOf, requireQuota } from './offer.ts';
import { planPool } from './plan.ts';

const base =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.ContainerService/managedClusters/{resourceName}/agentPools';

const right = (verb: string): string => `${poolType}/${verb}`;

/** PUT, GET, LIST and DELETE of agent pools. */
export function agentPoolRoutes(deps: AksDeps): readonly ArmRoute[] {
  const { store, operations, clock } = deps;

  const place = ({ parameters }: ArmRequest) => {
    const { subscriptionId = '', resourceGroupName = '', resourceName = '', agentPoolName = '' } = parameters;
    const group = groupId(subscriptionId, resourceGroupName);
    if (store.get(group) === undefined) throw resourceGroupNotFound(resourceGroupName);
    const id = clusterId(group, resourceName);
    return { subscriptionId, resourceGroupName, id, cluster: store.get(id), poolName: agentPoolName };
  };

  const existingCluster = (request: ArmRequest): { readonly cluster: Resource; readonly poolName: string } => {
    const { cluster, resourceGroupName, poolName } = place(request);
    if (cluster === undefined)
      throw resourceNotFound(
        `Microsoft.ContainerService/managedClusters/${request.parameters['resourceName']}`,
        resourceGroupName,
      );
    return { cluster, poolName };
  };

  function get(request: ArmRequest): ArmAnswer {
    const { cluster, poolName } = existingCluster(request);
    const pool = store.get(poolId(cluster.id, poolName));
    if (pool === undefined) throw poolNotFound(poolName);
    return { status: 200, body: poolView(store, pool) };
  }

  function put(request: ArmRequest): ArmAnswer {
    const { subscriptionId, id, cluster, poolName } = place(request);
    if (cluster === undefined) throw parentNotFound(id);
    const location = cluster.location!;
    const resourceId = poolId(cluster.id, poolName);
    const asked = request.body?.['properties'];
    if (!isObject(asked)) throw invalidParameter('agentPool.properties', 'It is missing.');
    checkPreconditions(store, resourceId, request.headers);
    requireRunning(cluster);
    requireIdle(store, operations, cluster, resourceId);
    const existing = store.get(resourceId);
    const pools = poolsOf(store, cluster.id);
    const most = settings(store).poolsPerCluster;
    if (existing === undefined && pools.length >= most) throw tooManyPools(cluster.name, most);
    const context = { store, now: clock.now(), location, cluster: cluster.properties };
    const properties = planPool(context, poolName, asked, existing);
    requireSubnetRights(deps, request, right('write'), properties);
    const others = pools.filter((pool) => pool.id !== existing?.id);
    if (![properties, ...others.map((pool) => pool.properties)].some(({ mode }) => mode === 'System'))
      throw noSystemPool();
    requireQuota(store, { subscriptionId, location, ...(existing !== undefined && { exceptPool: existing.id }) }, [
      demandOf(properties),
    ]);
    const pool: Resource = {
      id: existing?.id ?? resourceId,
      name: existing?.name ?? poolName,
      type: poolType,
      properties: { ...properties, provisioningState: existing === undefined ? 'Creating' : 'Updating' },
    };
    store.put(pool);
    renewEtag(store, pool.id);
    const operation = operations.begin({
      kind: kinds.putPool,
      subscriptionId,
      location,
      provider: 'Microsoft.ContainerService',
      resourceId: pool.id,
      input: { create: existing === undefined },
      followedBy: 'azure-async-operation',
    });
    return { status: existing === undefined ? 201 : 200, body: poolView(store, pool), operation };
  }

  function remove(request: ArmRequest): ArmAnswer {
    const { cluster, poolName } = existingCluster(request);
    const pool = store.get(poolId(cluster.id, poolName));
    if (pool === undefined) throw poolNotFound(poolName);
    checkPreconditions(store, pool.id, request.headers);
    requireRunning(cluster);
    requireIdle(store, operations, cluster, pool.id);
    const others = poolsOf(store, cluster.id).filter((other) => other.id !== pool.id);
    if (!others.some(({ properties }) => properties['mode'] === 'System')) throw noSystemPool();
    store.put({ ...pool, properties: { ...pool.properties, provisioningState: 'Deleting' } });
    const operation = operations.begin({
      kind: kinds.deletePool,
      subscriptionId: request.parameters['subscriptionId']!,
      location: cluster.location!,
      provider: 'Microsoft.ContainerService',
      resourceId: pool.id,
      input: {},
      followedBy: 'both',
    });
    return { status: 202, operation };
  }

  return [
    {
      method: 'GET',
      path: base,
      action: right('read'),
      apiVersions,
      handle(request) {
        const { cluster } = existingCluster(request);
        return { status: 200, body: { value: poolsOf(store, cluster.id).map((pool) => poolView(store, pool)) } };
      },
    },
    { method: 'GET', path: `${base}/{agentPoolName}`, action: right('read'), apiVersions, handle: get },
    { method: 'PUT', path: `${base}/{agentPoolName}`, action: right('write'), apiVersions, handle: put },
    {
      method: 'DELETE',
      path: `${base}/{agentPoolName}`,
      action: right('delete'),
      apiVersions,
      // No disruption budget holds a pool's end up here, whatever it says.
      query: ['ignore-pod-disruption-budget'],
      handle: remove,
    },
  ];
}
