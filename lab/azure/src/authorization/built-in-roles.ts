import type { RoleDefinition } from './role-definition.ts';

interface Given {
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly dataActions?: readonly string[];
  readonly notDataActions?: readonly string[];
}

function builtIn(roleName: string, name: string, description: string, given: Given): RoleDefinition {
  return {
    name,
    roleName,
    roleType: 'BuiltInRole',
    description,
    permissions: [
      {
        actions: given.actions ?? [],
        notActions: given.notActions ?? [],
        dataActions: given.dataActions ?? [],
        notDataActions: given.notDataActions ?? [],
      },
    ],
    assignableScopes: ['/'],
    createdOn: '2015-02-02T21:55:09.8806423Z',
    updatedOn: '2024-01-01T00:00:00.0000000Z',
  };
}

const registry = 'Microsoft.ContainerRegistry/registries';
const repositories = `${registry}/repositories`;
const clusters = 'Microsoft.ContainerService/managedClusters';
const identities = 'Microsoft.ManagedIdentity/userAssignedIdentities';
/** What most roles of one service grant besides. */
const usual = [
  'Microsoft.Authorization/*/read',
  'Microsoft.Insights/alertRules/*',
  'Microsoft.Resources/deployments/*',
  'Microsoft.Resources/subscriptions/resourceGroups/read',
];

/** Azure's built-in roles that concern clusters, identities and registries, as its page "Azure built-in roles" gives them. */
export const builtInRoles: readonly RoleDefinition[] = [
  builtIn(
    'Owner',
    '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
    'Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.',
    { actions: ['*'] },
  ),
  builtIn(
    'Contributor',
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.',
    {
      actions: ['*'],
      notActions: [
        'Microsoft.Authorization/*/Delete',
        'Microsoft.Authorization/*/Write',
        'Microsoft.Authorization/elevateAccess/Action',
        'Microsoft.Blueprint/blueprintAssignments/write',
        'Microsoft.Blueprint/blueprintAssignments/delete',
        'Microsoft.Compute/galleries/share/action',
        'Microsoft.Purview/consents/write',
        'Microsoft.Purview/consents/delete',
      ],
    },
  ),
  builtIn(
    'Reader',
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    'View all resources, but does not allow you to make any changes.',
    { actions: ['*/read'] },
  ),
  builtIn(
    'User Access Administrator',
    '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    'Lets you manage user access to Azure resources.',
    { actions: ['*/read', 'Microsoft.Authorization/*', 'Microsoft.Support/*'] },
  ),
  builtIn(
    'Role Based Access Control Administrator',
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    'Manage access to Azure resources by assigning roles using Azure RBAC.',
    {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        '*/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  builtIn('AcrPull', '7f951dda-4ed3-4680-a7ca-43fe172d538d', 'acr pull', { actions: [`${registry}/pull/read`] }),
  builtIn('AcrPush', '8311e382-0749-4cb8-b61a-304f252e45ec', 'acr push', {
    actions: [`${registry}/pull/read`, `${registry}/push/write`],
  }),
  builtIn('AcrDelete', 'c2f4ef07-c644-48eb-af81-4b1b4947fb11', 'acr delete', {
    actions: [`${registry}/artifacts/delete`],
  }),
  builtIn(
    'Container Registry Repository Reader',
    'b93aa761-3e63-49ed-ac28-beffa264f7ac',
    'Allows for read access to Azure Container Registry repositories, but excluding catalog listing.',
    { dataActions: [`${repositories}/metadata/read`, `${repositories}/content/read`] },
  ),
  builtIn(
    'Container Registry Repository Writer',
    '2a1e307c-b015-4ebd-883e-5b7698a07328',
    'Allows for read and write access to Azure Container Registry repositories, but excluding catalog listing.',
    {
      dataActions: [
        `${repositories}/metadata/read`,
        `${repositories}/content/read`,
        `${repositories}/metadata/write`,
        `${repositories}/content/write`,
      ],
    },
  ),
  builtIn(
    'Container Registry Repository Contributor',
    '2efddaa5-3f1f-4df3-97df-af3f13818f4c',
    'Allows for read, write, and delete access to Azure Container Registry repositories, but excluding catalog listing.',
    {
      dataActions: [
        `${repositories}/metadata/read`,
        `${repositories}/content/read`,
        `${repositories}/metadata/write`,
        `${repositories}/content/write`,
        `${repositories}/metadata/delete`,
        `${repositories}/content/delete`,
      ],
    },
  ),
  builtIn(
    'Container Registry Repository Catalog Lister',
    'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7',
    'Allows for listing all repositories in an Azure Container Registry.',
    { dataActions: [`${registry}/catalog/read`] },
  ),
  builtIn(
    'Managed Identity Operator',
    'f1a07417-d97a-45cb-824c-7a7467783830',
    'Read and Assign User Assigned Identity',
    { actions: [`${identities}/*/read`, `${identities}/*/assign/action`, ...usual, 'Microsoft.Support/*'] },
  ),
  builtIn(
    'Managed Identity Contributor',
    'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59',
    'Create, Read, Update, and Delete User Assigned Identity',
    {
      actions: [
        `${identities}/read`,
        `${identities}/write`,
        `${identities}/delete`,
        `${identities}/federatedIdentityCredentials/*`,
        `${identities}/revokeTokens/action`,
        ...usual,
        'Microsoft.Support/*',
      ],
    },
  ),
  builtIn(
    'Azure Kubernetes Service Contributor Role',
    'ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8',
    'Grants access to read and write Azure Kubernetes Service clusters',
    {
      actions: [
        'Microsoft.ContainerService/locations/*',
        `${clusters}/*`,
        'Microsoft.ContainerService/managedclustersnapshots/*',
        'Microsoft.ContainerService/snapshots/*',
        ...usual,
      ],
    },
  ),
  builtIn(
    'Azure Kubernetes Service Cluster User Role',
    '4abbcc35-e782-43d8-92c5-2d3f1bd2253f',
    'List cluster user credential action.',
    { actions: [`${clusters}/listClusterUserCredential/action`, `${clusters}/read`] },
  ),
  builtIn(
    'Azure Kubernetes Service Cluster Admin Role',
    '0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8',
    'List cluster admin credential action.',
    {
      actions: [
        `${clusters}/listClusterAdminCredential/action`,
        `${clusters}/accessProfiles/listCredential/action`,
        `${clusters}/read`,
        `${clusters}/runcommand/action`,
      ],
    },
  ),
  builtIn(
    'Network Contributor',
    '4d97b98b-1d4f-4787-a291-c67834d212e7',
    'Lets you manage networks, but not access to them.',
    {
      actions: [
        ...usual,
        'Microsoft.Network/*',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  builtIn(
    'Virtual Machine Contributor',
    '9980e02c-c2be-4d73-94e8-173b1dc7cf3c',
    'Lets you manage virtual machines, but not access to them, and not the virtual network or storage account they are connected to.',
    {
      actions: [
        ...usual,
        'Microsoft.Compute/availabilitySets/*',
        'Microsoft.Compute/locations/*',
        'Microsoft.Compute/virtualMachines/*',
        'Microsoft.Compute/virtualMachineScaleSets/*',
        'Microsoft.Compute/disks/write',
        'Microsoft.Compute/disks/read',
        'Microsoft.Compute/disks/delete',
        'Microsoft.Support/*',
      ],
    },
  ),
];
