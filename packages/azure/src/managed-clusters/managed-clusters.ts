import { clusterPath } from '../agent-pools/create-agent-pools.ts';
import { apiVersions } from '../arm/api-versions.ts';
import { armPath } from '../arm/path.ts';
import type { ResourceManager } from '../arm/resource-manager.ts';
import type { Call } from '../call.ts';
import { listOf, objectOf, textOf } from '../json.ts';

/** What this project reads of an AKS cluster. */
export interface ManagedCluster {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  /** What runs, e.g. `1.33.2`. */
  readonly kubernetesVersion: string | undefined;
  readonly provisioningState: string | undefined;
  readonly powerState: 'Running' | 'Stopped' | undefined;
  /** Where its nodes are: `MC_…`. */
  readonly nodeResourceGroup: string | undefined;
  /** Undefined: not enabled. */
  readonly oidcIssuer: string | undefined;
  readonly workloadIdentity: boolean;
  /** The managed AI toolchain operator (KAITO) is switched on. */
  readonly aiToolchainOperator: boolean;
  /** Whose right it is to pull images. */
  readonly kubeletIdentity:
    | { readonly objectId: string; readonly clientId: string | undefined; readonly resourceId: string | undefined }
    | undefined;
  readonly agentPools: readonly {
    readonly name: string;
    readonly mode: string | undefined;
    readonly vmSize: string | undefined;
    readonly vnetSubnetID: string | undefined;
    readonly podSubnetID: string | undefined;
  }[];
}

export interface ManagedClusters {
  /** @throws AzureError `ClusterNotFound`, `RightMissing`, … */
  get(resourceGroup: string, name: string, call?: Call): Promise<ManagedCluster>;
  /** Of the whole subscription. @throws AzureError */
  list(call?: Call): Promise<readonly ManagedCluster[]>;
}

export function createManagedClusters(resourceManager: ResourceManager, subscriptionId: string): ManagedClusters {
  const apiVersion = apiVersions.containerService;
  return {
    async get(resourceGroup, name, call) {
      const { body } = await resourceManager.send({
        method: 'GET',
        path: clusterPath({ subscriptionId, resourceGroup, name }),
        apiVersion,
        ...call,
      });
      return clusterOf(body);
    },
    async list(call) {
      const all = armPath(
        'subscriptions',
        subscriptionId,
        'providers',
        'Microsoft.ContainerService',
        'managedClusters',
      );
      return (await resourceManager.list({ path: all, apiVersion, ...call })).map(clusterOf);
    },
  };
}

function clusterOf(body: unknown): ManagedCluster {
  const cluster = objectOf(body) ?? {};
  const properties = objectOf(cluster['properties']) ?? {};
  const kubelet = objectOf(objectOf(properties['identityProfile'])?.['kubeletidentity']);
  const objectId = textOf(kubelet?.['objectId']);
  const power = textOf(objectOf(properties['powerState'])?.['code']);
  return {
    id: textOf(cluster['id']) ?? '',
    name: textOf(cluster['name']) ?? '',
    location: textOf(cluster['location']) ?? '',
    kubernetesVersion: textOf(properties['currentKubernetesVersion']) ?? textOf(properties['kubernetesVersion']),
    provisioningState: textOf(properties['provisioningState']),
    powerState: power === 'Running' || power === 'Stopped' ? power : undefined,
    nodeResourceGroup: textOf(properties['nodeResourceGroup']),
    oidcIssuer: textOf(objectOf(properties['oidcIssuerProfile'])?.['issuerURL']),
    workloadIdentity: enabled(objectOf(properties['securityProfile'])?.['workloadIdentity']),
    aiToolchainOperator: enabled(properties['aiToolchainOperatorProfile']),
    kubeletIdentity:
      objectId === undefined
        ? undefined
        : { objectId, clientId: textOf(kubelet?.['clientId']), resourceId: textOf(kubelet?.['resourceId']) },
    agentPools: listOf(properties['agentPoolProfiles']).flatMap((value) => {
      const pool = objectOf(value);
      const name = textOf(pool?.['name']);
      if (name === undefined) return [];
      return [
        {
          name,
          mode: textOf(pool?.['mode']),
          vmSize: textOf(pool?.['vmSize']),
          vnetSubnetID: textOf(pool?.['vnetSubnetID']),
          podSubnetID: textOf(pool?.['podSubnetID']),
        },
      ];
    }),
  };
}

function enabled(profile: unknown): boolean {
  return objectOf(profile)?.['enabled'] === true;
}
