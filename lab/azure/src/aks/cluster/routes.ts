import { readFileSync } from 'node:fs';
import { invalidParameter } from '../../errors/request-errors.ts';
import { resourceGroupNotFound, resourceNotFound } from '../../errors/resource-errors.ts';
import type { Resource } from '../../store/store.ts';
import type { ArmAnswer, ArmRequest, ArmRoute } from '../../wire/service.ts';
import { apiVersions } from '../api-versions.ts';
import { type AksDeps, specOf } from '../deps.ts';
import { localAccountsDisabled } from '../errors.ts';
import { checkPreconditions, renewEtag } from '../etags.ts';
import { isObject } from '../fields.ts';
import { clusterId, clusterType, groupId } from '../names.ts';
import { isStopped, kinds, requireIdle, requireRunning } from '../serialisation.ts';
import { clusterView } from '../views.ts';
import { clusterKubeconfig } from './credentials.ts';
import { putCluster } from './put.ts';

const provider = 'providers/Microsoft.ContainerService/managedClusters';
const inSubscription = `/subscriptions/{subscriptionId}/${provider}`;
const inGroup = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/${provider}`;
const one = `${inGroup}/{resourceName}`;

const right = (verb: string): string => `${clusterType}/${verb}`;

/** What Resource Manager answers of managed clusters, beside their pools. */
export function clusterRoutes(deps: AksDeps): readonly ArmRoute[] {
  const { store, operations, driver } = deps;

  const view = (cluster: Resource) => clusterView(store, operations, cluster);

  const existing = ({ parameters }: ArmRequest): Resource => {
    const { subscriptionId = '', resourceGroupName = '', resourceName = '' } = parameters;
    const group = groupId(subscriptionId, resourceGroupName);
    if (store.get(group) === undefined) throw resourceGroupNotFound(resourceGroupName);
    const cluster = store.get(clusterId(group, resourceName));
    if (cluster === undefined) throw resourceNotFound(`${clusterType}/${resourceName}`, resourceGroupName);
    return cluster;
  };

  const list = (prefix: string): ArmAnswer => ({
    status: 200,
    body: { value: store.list(prefix, clusterType).map(view) },
  });

  /** Begins an operation of the whole cluster, and says what it is about meanwhile. */
  function begin(request: ArmRequest, cluster: Resource, kind: string, state: string): ArmAnswer {
    requireIdle(store, operations, cluster, cluster.id);
    store.put({ ...cluster, properties: { ...cluster.properties, provisioningState: state } });
    const operation = operations.begin({
      kind,
      subscriptionId: request.parameters['subscriptionId']!,
      location: cluster.location!,
      provider: 'Microsoft.ContainerService',
      resourceId: cluster.id,
      input: {},
      followedBy: 'both',
    });
    return { status: 202, operation };
  }

  function remove(request: ArmRequest): ArmAnswer {
    const { subscriptionId = '', resourceGroupName = '', resourceName = '' } = request.parameters;
    const cluster = store.get(clusterId(groupId(subscriptionId, resourceGroupName), resourceName));
    if (cluster === undefined) return { status: 204 };
    checkPreconditions(store, cluster.id, request.headers);
    return begin(request, cluster, kinds.deleteCluster, 'Deleting');
  }

  function patchTags(request: ArmRequest): ArmAnswer {
    const cluster = existing(request);
    const tags = request.body?.['tags'];
    if (!isObject(tags)) throw invalidParameter('tags', 'It is missing.');
    checkPreconditions(store, cluster.id, request.headers);
    requireIdle(store, operations, cluster, cluster.id);
    store.put({ ...cluster, tags });
    renewEtag(store, cluster.id);
    return { status: 200, body: view({ ...cluster, tags }) };
  }

  const credentials =
    (role: 'clusterUser' | 'clusterAdmin') =>
    (request: ArmRequest): ArmAnswer => {
      const cluster = existing(request);
      if (role === 'clusterAdmin' && cluster.properties['disableLocalAccounts'] === true) throw localAccountsDisabled();
      requireRunning(cluster);
      const connection = driver.connect(specOf(deps, cluster));
      const text = clusterKubeconfig(
        cluster,
        role,
        connection === undefined ? undefined : readFileSync(connection.kubeconfig, 'utf8'),
      );
      return { status: 200, body: { kubeconfigs: [{ name: role, value: Buffer.from(text).toString('base64') }] } };
    };

  const start = (request: ArmRequest): ArmAnswer => begin(request, existing(request), kinds.startCluster, 'Starting');

  const stop = (request: ArmRequest): ArmAnswer => {
    const cluster = existing(request);
    // One that is stopped already has nothing to do.
    return isStopped(cluster) ? { status: 204 } : begin(request, cluster, kinds.stopCluster, 'Stopping');
  };

  return [
    {
      method: 'GET',
      path: inSubscription,
      action: right('read'),
      apiVersions,
      handle: ({ parameters }) => list(`/subscriptions/${parameters['subscriptionId']}`),
    },
    {
      method: 'GET',
      path: inGroup,
      action: right('read'),
      apiVersions,
      handle({ parameters }) {
        const group = groupId(parameters['subscriptionId']!, parameters['resourceGroupName']!);
        if (store.get(group) === undefined) throw resourceGroupNotFound(parameters['resourceGroupName']!);
        return list(group);
      },
    },
    {
      method: 'GET',
      path: one,
      action: right('read'),
      apiVersions,
      handle: (request) => ({ status: 200, body: view(existing(request)) }),
    },
    {
      method: 'PUT',
      path: one,
      action: right('write'),
      apiVersions,
      handle: (request) => putCluster(deps, request),
    },
    { method: 'PATCH', path: one, action: right('write'), apiVersions, handle: patchTags },
    {
      method: 'DELETE',
      path: one,
      action: right('delete'),
      apiVersions,
      query: ['ignore-pod-disruption-budget'],
      handle: remove,
    },
    {
      method: 'POST',
      path: `${one}/listClusterUserCredential`,
      action: right('listClusterUserCredential/action'),
      apiVersions,
      handle: credentials('clusterUser'),
    },
    {
      method: 'POST',
      path: `${one}/listClusterAdminCredential`,
      action: right('listClusterAdminCredential/action'),
      apiVersions,
      handle: credentials('clusterAdmin'),
    },
    { method: 'POST', path: `${one}/start`, action: right('start/action'), apiVersions, handle: start },
    { method: 'POST', path: `${one}/stop`, action: right('stop/action'), apiVersions, handle: stop },
  ];
}
