import type { Json, JsonObject } from '../../store/store.ts';
import { invalidValue, oidcIssuerStays, propertyChange, versionNotSupported } from '../errors.ts';
import { isObject, objectAt } from '../fields.ts';
import { digits, nodeResourceGroup } from '../names.ts';
import { settings } from '../settings.ts';
import type { Store } from '../../store/store.ts';
import { defaultVersion, resolveVersion } from '../versions.ts';
import { immutableClusterFields } from './fields.ts';

export interface ClusterNaming {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  readonly location: string;
  /** Unique for ever. */
  readonly uid: string;
  readonly issuer: string;
}

/** The properties that a cluster begins with where its maker says nothing. */
function defaults(naming: ClusterNaming, set: JsonObject, store: Store): JsonObject {
  const { subscriptionId, resourceGroup, name, location, uid } = naming;
  const prefix = String(
    set['dnsPrefix'] ?? set['fqdnSubdomain'] ?? `${name}-${resourceGroup}-${subscriptionId}`.slice(0, 45),
  );
  const host = `${prefix}-${digits(uid, 8, 'abcdefghijklmnopqrstuvwxyz0123456789')}`.toLowerCase();
  return {
    dnsPrefix: prefix,
    fqdn: `${host}.hcp.${location}.azmk8s.io`,
    azurePortalFQDN: `${host}.portal.hcp.${location}.azmk8s.io`,
    nodeResourceGroup: nodeResourceGroup(resourceGroup, name, location),
    enableRBAC: true,
    supportPlan: 'KubernetesOfficial',
    disableLocalAccounts: false,
    servicePrincipalProfile: { clientId: 'msi' },
    networkProfile: {
      networkPlugin: 'azure',
      networkPluginMode: 'overlay',
      networkPolicy: 'none',
      networkDataplane: 'azure',
      loadBalancerSku: 'standard',
      outboundType: 'loadBalancer',
      podCidr: '10.244.0.0/16',
      podCidrs: ['10.244.0.0/16'],
      serviceCidr: '10.0.0.0/16',
      serviceCidrs: ['10.0.0.0/16'],
      dnsServiceIP: '10.0.0.10',
      ipFamilies: ['IPv4'],
    },
    storageProfile: {
      diskCSIDriver: { enabled: true },
      fileCSIDriver: { enabled: true },
      snapshotController: { enabled: true },
    },
    autoUpgradeProfile: { nodeOSUpgradeChannel: 'NodeImage' },
    nodeProvisioningProfile: { mode: 'Manual', defaultNodePools: 'Auto' },
    bootstrapProfile: { artifactSource: 'Direct' },
    securityProfile: {},
    workloadAutoScalerProfile: {},
    maxAgentPools: settings(store).poolsPerCluster,
    resourceUID: uid,
    powerState: { code: 'Running' },
  };
}

function overlay(under: Json | undefined, over: Json | undefined): Json | undefined {
  if (!isObject(under) || !isObject(over)) return over ?? under;
  return { ...under, ...over };
}

/**
 * A cluster as AKS completes it: what the caller set, over what is there, over defaults.
 *
 * @throws ArmError for a change that is not allowed, or a version that is not offered
 */
export function completeCluster(
  store: Store,
  naming: ClusterNaming,
  set: JsonObject,
  existing: JsonObject | undefined,
): JsonObject {
  const base = existing ?? defaults(naming, set, store);
  for (const field of existing === undefined ? [] : immutableClusterFields) {
    if (set[field] !== undefined && set[field] !== base[field]) throw propertyChange(`properties.${field}`);
  }
  const complete: Record<string, Json | undefined> = { ...base };
  for (const [name, value] of Object.entries(set)) complete[name] = overlay(base[name], value);
  const wanted = String(set['kubernetesVersion'] ?? base['kubernetesVersion'] ?? defaultVersion);
  const version = resolveVersion(wanted);
  if (version === undefined) throw versionNotSupported(wanted, naming.location);
  const issuer = objectAt(complete, 'oidcIssuerProfile');
  if (objectAt(base, 'oidcIssuerProfile')['enabled'] === true && issuer['enabled'] !== true) throw oidcIssuerStays();
  const plugin = objectAt(complete, 'networkProfile')['networkPlugin'];
  if (!['azure', 'kubenet', 'none'].includes(String(plugin)))
    throw invalidValue('networkProfile.networkPlugin', `'${String(plugin)}' is none of azure, kubenet, none.`);
  return {
    ...complete,
    kubernetesVersion: wanted,
    currentKubernetesVersion: version,
    oidcIssuerProfile: issuer['enabled'] === true ? { enabled: true, issuerURL: naming.issuer } : { enabled: false },
  };
}
