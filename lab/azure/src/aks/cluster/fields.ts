import type { Kind } from '../fields.ts';

/** Properties of a managed cluster that a caller may set (api-version 2026-06-01 and before), beside its pools. */
export const clusterFields: Readonly<Record<string, Kind>> = {
  kubernetesVersion: 'string',
  dnsPrefix: 'string',
  fqdnSubdomain: 'string',
  linuxProfile: 'object',
  windowsProfile: 'object',
  servicePrincipalProfile: 'object',
  addonProfiles: 'object',
  podIdentityProfile: 'object',
  oidcIssuerProfile: 'object',
  nodeResourceGroup: 'string',
  nodeResourceGroupProfile: 'object',
  enableRBAC: 'boolean',
  supportPlan: 'string',
  networkProfile: 'object',
  aadProfile: 'object',
  autoUpgradeProfile: 'object',
  upgradeSettings: 'object',
  autoScalerProfile: 'object',
  apiServerAccessProfile: 'object',
  diskEncryptionSetID: 'string',
  identityProfile: 'object',
  privateLinkResources: 'objects',
  disableLocalAccounts: 'boolean',
  httpProxyConfig: 'object',
  securityProfile: 'object',
  storageProfile: 'object',
  ingressProfile: 'object',
  publicNetworkAccess: 'string',
  workloadAutoScalerProfile: 'object',
  azureMonitorProfile: 'object',
  serviceMeshProfile: 'object',
  metricsProfile: 'object',
  nodeProvisioningProfile: 'object',
  bootstrapProfile: 'object',
  aiToolchainOperatorProfile: 'object',
  schedulerProfile: 'object',
  hostedSystemProfile: 'object',
};

/** What AKS alone writes; a caller may send it back, and it counts for nothing. */
export const readOnlyClusterFields = [
  'provisioningState',
  'powerState',
  'maxAgentPools',
  'currentKubernetesVersion',
  'fqdn',
  'privateFQDN',
  'azurePortalFQDN',
  'resourceUID',
  'status',
  'eTag',
] as const;

/** What can be set only when a cluster is made. */
export const immutableClusterFields = ['dnsPrefix', 'fqdnSubdomain', 'nodeResourceGroup', 'enableRBAC'] as const;
