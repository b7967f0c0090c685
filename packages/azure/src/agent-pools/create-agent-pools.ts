import type { ArmAnswer, ResourceManager } from '../arm/resource-manager.ts';
import { apiVersions } from '../arm/api-versions.ts';
import type { Operations } from '../arm/operations.ts';
import { armPath } from '../arm/path.ts';
import { AzureError } from '../errors/azure-error.ts';
import { objectOf, textOf } from '../json.ts';
import type { AgentPool, AgentPools } from './agent-pools.ts';

/** Which AKS cluster; `resourceGroup` is the cluster's own, not that of its nodes. */
export interface ClusterId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

/** The path of a cluster, which is also its resource id. @throws AzureError `InvalidRequest` for a name that is none */
export function clusterPath({ subscriptionId, resourceGroup, name }: ClusterId): string {
  return armPath(
    'subscriptions',
    subscriptionId,
    'resourceGroups',
    resourceGroup,
    'providers',
    'Microsoft.ContainerService',
    'managedClusters',
    name,
  );
}

/** The agent pools of a cluster, over Resource Manager. */
export function createAgentPools(
  resourceManager: ResourceManager,
  operations: Operations,
  cluster: ClusterId,
): AgentPools {
  const pools = `${clusterPath(cluster)}/agentPools`;
  const apiVersion = apiVersions.containerService;
  const path = (name: string) => pools + armPath(name);
  return {
    async get(name, call) {
      try {
        return poolOf((await resourceManager.send({ method: 'GET', path: path(name), apiVersion, ...call })).body);
      } catch (error) {
        if (isCode(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    async list(call) {
      return (await resourceManager.list({ path: pools, apiVersion, ...call })).map(poolOf);
    },
    async create(name, properties, call) {
      const answer = await resourceManager.send({
        method: 'PUT',
        path: path(name),
        apiVersion,
        headers: { 'if-none-match': '*' },
        body: { properties },
        repeatable: false,
        ...call,
      });
      const operation = operations.begunBy(answer);
      const pool = answer.body === undefined ? { id: path(name), name, properties } : poolOf(answer.body);
      return { pool, ...(operation === undefined ? {} : { operation }) };
    },
    async delete(name, call = {}) {
      const { etag, ...rest } = call;
      let answer: ArmAnswer;
      try {
        answer = await resourceManager.send({
          method: 'DELETE',
          path: path(name),
          apiVersion,
          ...(etag === undefined ? {} : { headers: { 'if-match': etag } }),
          ...rest,
        });
      } catch (error) {
        if (isCode(error, 'NotFound')) return 'gone';
        throw error;
      }
      return answer.status === 204 ? 'gone' : operations.begunBy(answer);
    },
    poll: (operation, call) => operations.poll(operation, call),
  };
}

function isCode(error: unknown, code: AzureError['code']): boolean {
  return error instanceof AzureError && error.code === code;
}

/** @throws AzureError `ServerError` where an answer is no agent pool */
function poolOf(body: unknown): AgentPool {
  const pool = objectOf(body);
  const id = textOf(pool?.['id']);
  const name = textOf(pool?.['name']);
  const properties = objectOf(pool?.['properties']);
  if (id === undefined || name === undefined || properties === undefined)
    throw new AzureError('ServerError', {
      message: 'Azure answered with something that is no agent pool',
      remedy: 'check the address of Resource Manager, and proxies on the way there',
      retry: 'later',
    });
  const etag = textOf(properties['eTag']) ?? textOf(pool?.['etag']) ?? textOf(pool?.['eTag']);
  return { id, name, properties, ...(etag === undefined ? {} : { etag }) };
}
