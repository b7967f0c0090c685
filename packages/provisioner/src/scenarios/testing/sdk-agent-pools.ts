import { type AgentPool as SdkPool, ContainerServiceClient, restorePoller } from '@azure/arm-containerservice';
import type { TokenCredential } from '@azure/identity';
import {
  type AgentPool,
  type AgentPools,
  type AzureError,
  type CallContext,
  classify,
  type Operation,
} from '@kaito/azure';
import type { ClusterAddress } from '../../options.ts';

interface Refusal {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message: string;
  /** The body. */
  readonly details?: unknown;
}

/** The SDK keeps what Azure asked for to itself; the emulator asks for this, ms. */
const retryAfterMs = 1000;

/** The official SDK told as `AgentPools`, so that the same scenarios run with it. */
export function sdkAgentPools(credential: TokenCredential, endpoint: string, cluster: ClusterAddress): AgentPools {
  const client = new ContainerServiceClient(credential, cluster.subscriptionId, {
    endpoint,
    credentials: { scopes: [`${endpoint}/.default`] },
  });
  const { agentPools } = client;
  const { resourceGroup: group, name: managedCluster } = cluster;
  const context = { subscriptionId: cluster.subscriptionId, resourceGroup: group, cluster: managedCluster };

  async function told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw azureError(error as Refusal, context);
    }
  }

  const resumed = (operation: Operation) => {
    const { method, state } = JSON.parse(operation.url) as { method: 'create' | 'delete'; state: string };
    return restorePoller(client, state, (method === 'create' ? agentPools.createOrUpdate : agentPools.delete) as never);
  };

  return {
    async get(name) {
      try {
        return poolOf(await agentPools.get(group, managedCluster, name));
      } catch (error) {
        const classified = azureError(error as Refusal, context);
        if (classified.code === 'NotFound') return undefined;
        throw classified;
      }
    },
    list: async () =>
      await told(async () => {
        const found: AgentPool[] = [];
        try {
          for await (const pool of agentPools.list(group, managedCluster)) found.push(poolOf(pool));
        } catch (error) {
          // Its pager keeps Azure's words to itself; another call of the same kind tells them.
          await agentPools.get(group, managedCluster, 'nodepool1');
          throw error;
        }
        return found;
      }),
    create: async (name, properties) =>
      await told(async () => {
        const poller = agentPools.createOrUpdate(group, managedCluster, name, properties as unknown as SdkPool, {
          ifNoneMatch: '*',
          updateIntervalInMs: 1,
        });
        await poller.submitted();
        const state = await poller.serialize();
        return {
          pool: { id: name, name, properties: { ...properties, provisioningState: 'Creating' } },
          operation: { kind: 'azure-async-operation', retryAfterMs, url: JSON.stringify({ method: 'create', state }) },
        };
      }),
    async delete(name, { etag } = {}) {
      try {
        const poller = agentPools.delete(group, managedCluster, name, { ...(etag !== undefined && { ifMatch: etag }) });
        await poller.submitted();
        const state = await poller.serialize();
        return { kind: 'azure-async-operation', retryAfterMs, url: JSON.stringify({ method: 'delete', state }) };
      } catch (error) {
        const classified = azureError(error as Refusal, context);
        if (classified.code === 'NotFound') return 'gone';
        throw classified;
      }
    },
    async poll(operation) {
      const poller = resumed(operation);
      try {
        await poller.poll();
      } catch (error) {
        const refusal = error as Refusal;
        const classified = azureError(refusal, context);
        if (refusal.statusCode !== undefined) throw classified;
        return { state: 'failed', error: classified };
      }
      return poller.isDone ? { state: 'succeeded' } : { state: 'running', retryAfterMs };
    },
  };
}

/** The SDK lifts the properties onto the pool. */
function poolOf({ id = '', name = '', eTag, ...properties }: SdkPool): AgentPool {
  return { id, name, properties: properties as AgentPool['properties'], ...(eTag !== undefined && { etag: eTag }) };
}

/** An operation that failed is an error without status, whose message ends `CODE. MESSAGE`. */
function azureError({ statusCode, code, message, details }: Refusal, context: CallContext): AzureError {
  const failed = /has failed\. (\w+)\. ([\s\S]*)$/.exec(message);
  const body =
    failed === null
      ? (details ?? { error: { code: code ?? '', message } })
      : { error: { code: failed[1], message: failed[2] } };
  return classify({ status: failed === null ? statusCode : undefined, body }, context);
}
