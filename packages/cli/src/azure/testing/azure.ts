import {
  type AgentPool,
  AzureError,
  type AzureErrorCode,
  type ComputeSku,
  type FederatedCredential,
  type Identity,
  knownCloud,
  type ManagedCluster,
  type Registry,
  type RoleAssignment,
  type RoleDefinition,
  rightsOf,
  type Usage,
} from '@kaito/azure';
import type { AzureAccess } from '../connect.ts';

export const subscriptionId = '00000000-0000-0000-0000-000000000001';
const group = `/subscriptions/${subscriptionId}/resourceGroups/KaitoLab`;

export function clusterWith(fields: Partial<ManagedCluster> = {}): ManagedCluster {
  return {
    id: `${group}/providers/Microsoft.ContainerService/managedClusters/kaito`,
    name: 'kaito',
    location: 'westus3',
    kubernetesVersion: '1.33.2',
    provisioningState: 'Succeeded',
    powerState: 'Running',
    nodeResourceGroup: 'MC_KaitoLab_kaito_westus3',
    oidcIssuer: 'https://westus3.oic.prod-aks.azure.com/t/i/',
    workloadIdentity: false,
    aiToolchainOperator: false,
    kubeletIdentity: { objectId: 'kubelet', clientId: 'kubelet-client', resourceId: undefined },
    agentPools: [],
    ...fields,
  };
}

export function identityWith(name: string, resourceGroup = 'KaitoLab'): Identity {
  return {
    id: `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
    name,
    location: 'westus3',
    clientId: `client-of-${name}`,
    principalId: `principal-of-${name}`,
    tenantId: 'tenant',
    tags: {},
  };
}

export function azureError(
  code: AzureErrorCode,
  message = 'no',
  retry: 'soon' | 'later' | 'never' = 'later',
): AzureError {
  return new AzureError(code, { message, remedy: 'az mend', retry });
}

/** What there is in the subscription; changed by what is called. */
export interface World {
  cluster: ManagedCluster;
  identities: Identity[];
  federated: Map<string, FederatedCredential[]>;
  roles: RoleDefinition[];
  assignments: RoleAssignment[];
  registries: Registry[];
  pools: AgentPool[];
  usages: Usage[];
  skus: ComputeSku[];
  /** Actions that the person at the terminal lacks. */
  forbidden: string[];
  /** `identities.create KaitoLab/kaito-kaito`: calls that changed something. */
  readonly changes: string[];
}

const builtIn = (roleName: string, actions: readonly string[]): RoleDefinition => ({
  id: `/providers/Microsoft.Authorization/roleDefinitions/${roleName.replaceAll(' ', '-')}`,
  roleName,
  custom: false,
  assignableScopes: ['/'],
  permissions: [{ actions, notActions: [], dataActions: [], notDataActions: [] }],
});

export function worldWith(fields: Partial<World> = {}): World {
  return {
    cluster: clusterWith(),
    identities: [],
    federated: new Map(),
    roles: [
      builtIn('Contributor', ['*']),
      builtIn('Azure Kubernetes Service Contributor Role', ['Microsoft.ContainerService/*']),
      builtIn('Network Contributor', ['Microsoft.Network/*']),
      builtIn('AcrPull', ['Microsoft.ContainerRegistry/registries/pull/read']),
    ],
    assignments: [],
    registries: [],
    pools: [],
    usages: [],
    skus: [],
    forbidden: [],
    changes: [],
    ...fields,
  };
}

/** Azure's clients over a world in memory. */
export function azureOf(world: World): AzureAccess {
  const need = (action: string) => {
    if (world.forbidden.includes(action)) throw azureError('RightMissing', `you lack ${action}`);
  };
  const find = (resourceGroup: string, name: string) =>
    world.identities.find(
      (each) => each.name === name && each.id.toLowerCase().includes(`/resourcegroups/${resourceGroup.toLowerCase()}/`),
    );
  const changed = (what: string) => void world.changes.push(what);
  return {
    cloud: knownCloud('AzureCloud')!,
    subscriptionId,
    credential: { token: async () => ({ value: 'token', expiresAt: 0 }) },
    clusters: {
      async get(resourceGroup, name) {
        if (name !== world.cluster.name || resourceGroup !== 'KaitoLab')
          throw azureError('ClusterNotFound', 'no such cluster');
        return world.cluster;
      },
      list: async () => [world.cluster],
    },
    identities: {
      get: async (resourceGroup, name) => find(resourceGroup, name),
      list: async () => world.identities,
      async create({ resourceGroup, name, tags = {} }) {
        changed(`identity ${resourceGroup}/${name}`);
        world.identities.push({ ...identityWith(name, resourceGroup), tags });
        return world.identities.at(-1)!;
      },
      async delete(resourceGroup, name) {
        changed(`delete identity ${resourceGroup}/${name}`);
        world.identities = world.identities.filter((each) => each !== find(resourceGroup, name));
      },
      federatedCredentials: async (_, name) => world.federated.get(name) ?? [],
      async putFederatedCredential(_, name, credential) {
        changed(`federation ${name}/${credential.name}`);
        const others = (world.federated.get(name) ?? []).filter((each) => each.name !== credential.name);
        world.federated.set(name, [...others, credential]);
        return credential;
      },
      async deleteFederatedCredential(_, name, credential) {
        changed(`delete federation ${name}/${credential}`);
        world.federated.set(
          name,
          (world.federated.get(name) ?? []).filter((each) => each.name !== credential),
        );
      },
    },
    registries: {
      get: async (_, name) => world.registries.find((each) => each.name === name),
      list: async () => world.registries,
    },
    compute: {
      async usages() {
        need('Microsoft.Compute/locations/usages/read');
        return world.usages;
      },
      skus: async () => world.skus,
    },
    authorization: {
      findRole: async (_, roleName) => world.roles.find((each) => each.roleName === roleName),
      async putRole({ roleName, actions, scope }) {
        need('Microsoft.Authorization/roleDefinitions/write');
        changed(`role ${roleName}`);
        world.roles.push({ ...builtIn(roleName, actions), custom: true, assignableScopes: [scope] });
        return world.roles.at(-1)!;
      },
      async deleteRole(id) {
        changed(`delete role ${id.split('/').at(-1)}`);
        world.roles = world.roles.filter((each) => each.id !== id);
      },
      assignments: async (scope) => world.assignments.filter((each) => scope.startsWith(each.scope)),
      async assign(assignment) {
        changed(`assign ${assignment.roleDefinitionId.split('/').at(-1)} at ${assignment.scope.split('/').at(-1)}`);
        world.assignments.push({ ...assignment, id: `assignment-${world.assignments.length}`, conditional: false });
        return 'created';
      },
      async unassign(id) {
        changed(`unassign ${id}`);
        world.assignments = world.assignments.filter((each) => each.id !== id);
      },
      async rightsOf(principalId, scope) {
        const held = world.assignments.filter(
          (each) => each.principalId === principalId && scope.startsWith(each.scope),
        );
        const roles = world.roles.filter(({ id }) => held.some(({ roleDefinitionId }) => roleDefinitionId === id));
        return {
          ...rightsOf(roles.flatMap(({ permissions }) => permissions)),
          roles: roles.map(({ roleName }) => roleName),
        };
      },
      ownRights: async () =>
        rightsOf([{ actions: ['*'], notActions: world.forbidden, dataActions: [], notDataActions: [] }]),
    },
    agentPools: () => ({
      list: async () => world.pools,
      get: async (name) => world.pools.find((each) => each.name === name),
      create: () => Promise.reject(new Error('the command makes no pools')),
      delete: () => Promise.reject(new Error('the command deletes no pools')),
      poll: () => Promise.reject(new Error('the command polls no pools')),
    }),
  };
}
