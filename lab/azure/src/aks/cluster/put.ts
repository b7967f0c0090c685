import { randomUUID } from 'node:crypto';
import { regionName, regions } from '../../compute/regions.ts';
import { locationRequired, resourceGroupNotFound } from '../../errors/resource-errors.ts';
import type { Json, JsonObject, Resource } from '../../store/store.ts';
import type { ArmAnswer, ArmRequest } from '../../wire/service.ts';
import { type AddonChange, isAddonEnabled } from '../addon/settle.ts';
import { requireSubnetRights } from '../agent-pools/linked-rights.ts';
import { demandOf, requireQuota } from '../agent-pools/offer.ts';
import { planPool } from '../agent-pools/plan.ts';
import { type AksDeps, specOf } from '../deps.ts';
import {
  clusterElsewhere,
  invalidValue,
  noSystemPool,
  nodeGroupExists,
  regionNotAvailable,
  tooManyPools,
} from '../errors.ts';
import { checkPreconditions, renewEtag } from '../etags.ts';
import { type Kind, objectAt, readFields } from '../fields.ts';
import { issuerUrl, setIssuer } from '../issuer/issuer-url.ts';
import { clusterId, clusterType, groupId, poolId, poolType } from '../names.ts';
import { kinds, requireIdle, requireRunning } from '../serialisation.ts';
import { settings } from '../settings.ts';
import { clusterView, poolsOf } from '../views.ts';
import { completeCluster } from './complete.ts';
import { clusterFields, readOnlyClusterFields } from './fields.ts';
import { clusterIdentity } from './identity.ts';

const envelope: Readonly<Record<string, Kind>> = {
  id: 'string',
  name: 'string',
  type: 'string',
  eTag: 'string',
  systemData: 'object',
  location: 'string',
  tags: 'object',
  sku: 'object',
  identity: 'object',
  properties: 'object',
};

/** Creates a cluster, or changes it: what the body leaves out stays as it is. @throws ArmError */
export async function putCluster(deps: AksDeps, request: ArmRequest): Promise<ArmAnswer> {
  const { store, operations } = deps;
  const { subscriptionId = '', resourceGroupName = '', resourceName: name = '' } = request.parameters;
  if (store.get(groupId(subscriptionId, resourceGroupName)) === undefined)
    throw resourceGroupNotFound(resourceGroupName);
  validateClusterName(name);
  const id = clusterId(groupId(subscriptionId, resourceGroupName), name);
  const body = readFields(request.body ?? {}, envelope);
  const fresh =
    store.get(id) === undefined ? await newIssuer(deps, locationOf(body, undefined, resourceGroupName)) : undefined;

  // Nothing waits from here on, so of two calls at once the second finds what the first began.
  const existing = store.get(id);
  checkPreconditions(store, id, request.headers);
  const location = locationOf(body, existing, resourceGroupName);
  if (existing !== undefined) {
    requireRunning(existing);
    requireIdle(store, operations, existing, existing.id);
  }
  const { uid, issuer } = existing === undefined ? fresh! : specOf(deps, existing);
  const { agentPoolProfiles, ...asked } = objectAt(body, 'properties');
  const writable = Object.fromEntries(
    Object.entries(asked).filter(([field]) => !(readOnlyClusterFields as readonly string[]).includes(field)),
  );
  const naming = { subscriptionId, resourceGroup: resourceGroupName, name, location, uid, issuer };
  const properties = completeCluster(store, naming, readFields(writable, clusterFields), existing?.properties);
  const pools = planPools(deps, request, { id, name, location, properties, existing }, agentPoolProfiles);

  const nodeGroup = String(properties['nodeResourceGroup']);
  if (existing === undefined && store.get(groupId(subscriptionId, nodeGroup)) !== undefined)
    throw nodeGroupExists(nodeGroup);

  const cluster: Resource = {
    id: existing?.id ?? id,
    name: existing?.name ?? name,
    type: clusterType,
    location,
    ...((body['tags'] ?? existing?.tags) !== undefined && { tags: (body['tags'] as JsonObject) ?? existing?.tags }),
    sku: { name: 'Base', tier: 'Free', ...existing?.sku, ...objectAt(body, 'sku') },
    identity: clusterIdentity(deps, { id, name }, body['identity'], existing),
    properties: { ...properties, provisioningState: existing === undefined ? 'Creating' : 'Updating' },
  };
  setIssuer(store, uid, issuer);
  store.put(cluster);
  deps.announce(cluster);
  renewEtag(store, cluster.id);
  for (const pool of pools) {
    store.put(pool);
    renewEtag(store, pool.id);
  }
  const operation = operations.begin({
    kind: kinds.putCluster,
    subscriptionId,
    location,
    provider: 'Microsoft.ContainerService',
    resourceId: cluster.id,
    input: {
      create: existing === undefined,
      pools: pools.map((pool) => pool.name),
      addon: addonChange(existing, properties),
    },
    followedBy: 'azure-async-operation',
  });
  return { status: existing === undefined ? 201 : 200, body: clusterView(store, operations, cluster), operation };
}

/** Who a new cluster will be known as, and its tokens issued by. */
async function newIssuer(deps: AksDeps, location: string): Promise<{ readonly uid: string; readonly issuer: string }> {
  const uid = randomUUID();
  return { uid, issuer: await deps.driver.issuer(issuerUrl(deps, location, uid)) };
}

function validateClusterName(name: string): void {
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$/.test(name))
    throw invalidValue(
      'resourceName',
      `Cluster name '${name}' has 1 to 63 letters, digits, underscores and hyphens, and begins and ends with a letter or digit.`,
    );
}

function locationOf(body: JsonObject, existing: Resource | undefined, group: string): string {
  const asked = body['location'] === undefined ? undefined : regionName(String(body['location']));
  if (existing !== undefined) {
    if (asked !== undefined && asked !== existing.location)
      throw clusterElsewhere(existing.name, group, existing.location!, asked);
    return existing.location!;
  }
  if (asked === undefined) throw locationRequired();
  if (!regions.has(asked)) throw regionNotAvailable(asked, [...regions.keys()]);
  return asked;
}

/** `install` and `remove`, where the operation must do something about the add-on. */
function addonChange(existing: Resource | undefined, properties: JsonObject): AddonChange {
  const before = existing !== undefined && isAddonEnabled(existing.properties);
  // What failed last time is done again.
  const failed = existing?.properties['provisioningState'] === 'Failed';
  if (isAddonEnabled(properties)) return !before || failed ? 'install' : 'none';
  return before ? 'remove' : 'none';
}

/** The pools that the body names, as they are to be. */
function planPools(
  deps: AksDeps,
  request: ArmRequest,
  cluster: {
    readonly id: string;
    readonly name: string;
    readonly location: string;
    readonly properties: JsonObject;
    readonly existing: Resource | undefined;
  },
  profiles: Json | undefined,
): readonly Resource[] {
  const { store, clock } = deps;
  const asked =
    profiles === undefined || profiles === null ? [] : readFields({ profiles }, { profiles: 'objects' })['profiles'];
  const before = cluster.existing === undefined ? [] : poolsOf(store, cluster.existing.id);
  const context = { store, now: clock.now(), location: cluster.location, cluster: cluster.properties };
  const planned = (asked as readonly JsonObject[]).map(({ name, ...profile }): Resource => {
    const existing = before.find((pool) => pool.name === name);
    const properties = planPool(context, String(name ?? ''), profile, existing);
    requireSubnetRights(deps, request, `${clusterType}/write`, properties);
    return {
      id: existing?.id ?? poolId(cluster.existing?.id ?? cluster.id, String(name)),
      name: String(name),
      type: poolType,
      properties: { ...properties, provisioningState: existing === undefined ? 'Creating' : 'Updating' },
    };
  });
  const all = [...planned, ...before.filter((pool) => !planned.some(({ name }) => name === pool.name))];
  if (!all.some(({ properties }) => properties['mode'] === 'System')) throw noSystemPool();
  const most = settings(store).poolsPerCluster;
  if (all.length > most) throw tooManyPools(cluster.name, most);
  // Of pools that are there, only what they grow by is new.
  const growth = planned.map(({ name, properties }) => {
    const had = Number(before.find((pool) => pool.name === name)?.properties['count'] ?? 0);
    const demand = demandOf(properties);
    return { ...demand, count: Math.max(0, demand.count - had) };
  });
  requireQuota(
    store,
    { subscriptionId: request.parameters['subscriptionId']!, location: cluster.location },
    growth.filter(({ count }) => count > 0),
  );
  return planned;
}
