import type { AgentPools } from './agent-pools/agent-pools.ts';
import { createAgentPools } from './agent-pools/create-agent-pools.ts';
import type { ClusterId } from './agent-pools/create-agent-pools.ts';
import { Operations } from './arm/operations.ts';
import { ResourceManager } from './arm/resource-manager.ts';
import { createAuthorization } from './authorization/authorization.ts';
import type { Authorization } from './authorization/authorization.ts';
import type { Cloud } from './cloud.ts';
import type { Compute } from './compute/compute.ts';
import { createCompute } from './compute/create-compute.ts';
import type { Credential } from './credentials/credential.ts';
import { createIdentities } from './identities/identities.ts';
import type { Identities } from './identities/identities.ts';
import { createManagedClusters } from './managed-clusters/managed-clusters.ts';
import type { ManagedClusters } from './managed-clusters/managed-clusters.ts';
import { createRegistries } from './registries/registries.ts';
import type { Registries } from './registries/registries.ts';
import { createResourceGroups } from './resource-groups/resource-groups.ts';
import type { ResourceGroups } from './resource-groups/resource-groups.ts';
import { Wire } from './wire/wire.ts';
import type { WireOptions } from './wire/wire.ts';

/** The parts of Azure that this project talks to, as one identity. */
export interface Azure {
  readonly cloud: Cloud;
  readonly operations: Operations;
  readonly authorization: Authorization;
  agentPools(cluster: ClusterId): AgentPools;
  managedClusters(subscriptionId: string): ManagedClusters;
  compute(subscriptionId: string): Compute;
  identities(subscriptionId: string): Identities;
  registries(subscriptionId: string): Registries;
  resourceGroups(subscriptionId: string): ResourceGroups;
}

export interface AzureOptions {
  readonly cloud: Cloud;
  readonly credential: Credential;
  /** `createWire(…)`: the same that the credential uses. */
  readonly wire: Wire;
}

/** The connections that credentials and clients share; `close` ends them. */
export function createWire(options: WireOptions): Wire {
  return new Wire(options);
}

/** @throws AzureError `InvalidRequest` for a cloud without an https address */
export function createAzure({ cloud, credential, wire }: AzureOptions): Azure {
  const resourceManager = new ResourceManager({ cloud, credential, wire });
  const operations = new Operations(resourceManager);
  return {
    cloud,
    operations,
    authorization: createAuthorization(resourceManager),
    agentPools: (cluster) => createAgentPools(resourceManager, operations, cluster),
    managedClusters: (subscriptionId) => createManagedClusters(resourceManager, subscriptionId),
    compute: (subscriptionId) => createCompute(resourceManager, subscriptionId),
    identities: (subscriptionId) => createIdentities(resourceManager, subscriptionId),
    registries: (subscriptionId) => createRegistries(resourceManager, subscriptionId),
    resourceGroups: (subscriptionId) => createResourceGroups(resourceManager, subscriptionId),
  };
}
