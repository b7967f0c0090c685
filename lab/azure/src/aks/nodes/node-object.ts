import type { Node } from 'kubernetes-types/core/v1.js';
import type { Live } from '@kaito/kube';
import { type Size, findSize } from '../../compute/sizes.ts';
import type { Resource } from '../../store/store.ts';
import { type Taint, readTaint } from '../agent-pools/node-syntax.ts';
import { objectAt } from '../fields.ts';
import { digits, partsOf, providerId } from '../names.ts';
import { defaultVersion } from '../versions.ts';
import type { Machine } from './machines.ts';

export const clusterLabel = 'kubernetes.azure.com/cluster';

/** The name of the nodes' resource group, as far as a label's value may hold it. */
export function clusterLabelValue(cluster: Resource): string {
  return String(cluster.properties['nodeResourceGroup'])
    .slice(0, 63)
    .replaceAll(/[^A-Za-z0-9_.-]/g, '_')
    .replace(/[^A-Za-z0-9]+$/, '');
}

export const gpuResource = 'nvidia.com/gpu';

/** What the node of a machine is made of. */
export interface NodeSource {
  readonly cluster: Resource;
  readonly pool: Resource;
  readonly machine: Machine;
}

/** The labels that AKS' kubelets register with, and the pool's own. */
export function nodeLabels({ cluster, pool, machine }: NodeSource): Readonly<Record<string, string>> {
  const of = (name: string): string => String(pool.properties[name]);
  const zone = machine.zone === undefined ? '0' : `${cluster.location}-${machine.zone}`;
  const kubelet = objectAt(objectAt(cluster.properties, 'identityProfile'), 'kubeletidentity');
  const nvidia = sizeOf(pool).gpu?.model.startsWith('NVIDIA') === true;
  return {
    ...(objectAt(pool.properties, 'nodeLabels') as Readonly<Record<string, string>>),
    agentpool: pool.name,
    'kubernetes.azure.com/agentpool': pool.name,
    [clusterLabel]: clusterLabelValue(cluster),
    'kubernetes.azure.com/kubelet-identity-client-id': String(kubelet['clientId'] ?? ''),
    'kubernetes.azure.com/mode': of('mode').toLowerCase(),
    'kubernetes.azure.com/node-image-version': of('nodeImageVersion'),
    'kubernetes.azure.com/nodepool-type': of('type'),
    'kubernetes.azure.com/os-sku': of('osSKU'),
    'kubernetes.azure.com/role': 'agent',
    'kubernetes.azure.com/storageprofile': of('osDiskType').toLowerCase(),
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': machine.name,
    'kubernetes.io/os': of('osType').toLowerCase(),
    'node.kubernetes.io/instance-type': sizeOf(pool).name,
    'topology.kubernetes.io/region': String(cluster.location),
    'topology.kubernetes.io/zone': zone,
    'topology.disk.csi.azure.com/zone': machine.zone === undefined ? '' : zone,
    ...(nvidia && { accelerator: 'nvidia' }),
  };
}

/** The taints that a pool keeps on its nodes. */
export const nodeTaints = (pool: Resource): readonly Taint[] => taintsIn(pool, 'nodeTaints');

/** The taints that a node of it registers with; those of initialization are taken off by who waits for them, and never put back. */
export const startTaints = (pool: Resource): readonly Taint[] => [
  ...nodeTaints(pool),
  ...taintsIn(pool, 'nodeInitializationTaints'),
];

function taintsIn(pool: Resource, field: string): readonly Taint[] {
  return ((pool.properties[field] ?? []) as readonly string[]).flatMap((text) => readTaint(text) ?? []);
}

const sizeOf = (pool: Resource): Size => findSize(String(pool.properties['vmSize']))!;

/** NVIDIA GPUs that the device plugin shows; 0 where the pool has none, or was made without their driver. */
export function gpusOf(pool: Resource): number {
  const { gpu } = sizeOf(pool);
  if (gpu === undefined || !gpu.model.startsWith('NVIDIA')) return 0;
  return objectAt(pool.properties, 'gpuProfile')['driver'] === 'None' ? 0 : gpu.count;
}

/** Millicores that AKS reserves (Microsoft Learn, "Core AKS concepts", CPU reservations). */
export function reservedCpu(cores: number): number {
  if (cores <= 1) return 60;
  return cores <= 4 ? 100 + (cores - 2) * 20 : 140 + (cores - 4) * 10;
}

/** MiB that AKS reserves from 1.29 on: the lesser of 20 per pod plus 50 and a quarter, beside 100 for eviction (same page). */
export function reservedMemory(memoryMiB: number, maxPods: number): number {
  return Math.min(20 * maxPods + 50, Math.floor(memoryMiB / 4)) + 100;
}

/** The node as it registers: kept alive by kwok, its GPUs not yet to be seen. */
export function nodeObject(source: NodeSource): Live<Node> {
  const { cluster, pool, machine } = source;
  const { vcpus, memoryGiB } = sizeOf(pool);
  const maxPods = Number(pool.properties['maxPods']);
  const diskGiB = Number(pool.properties['osDiskSizeGB']);
  const memoryMiB = Math.round(memoryGiB * 1024);
  const { subscriptionId } = partsOf(cluster.id);
  const machineId = digits(`${pool.id}/${machine.name}`, 32, '0123456789abcdef');
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: machine.name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: nodeLabels(source),
    },
    spec: {
      providerID: providerId(
        subscriptionId,
        String(cluster.properties['nodeResourceGroup']),
        machine.scaleSet,
        machine.index,
      ),
      taints: [...startTaints(pool)],
    },
    status: {
      phase: 'Running',
      capacity: {
        cpu: String(vcpus),
        memory: `${memoryMiB}Mi`,
        'ephemeral-storage': `${diskGiB}Gi`,
        pods: String(maxPods),
      },
      allocatable: {
        cpu: `${vcpus * 1000 - reservedCpu(vcpus)}m`,
        memory: `${memoryMiB - reservedMemory(memoryMiB, maxPods)}Mi`,
        // The kubelet evicts below a tenth.
        'ephemeral-storage': `${Math.floor(diskGiB * 0.9)}Gi`,
        pods: String(maxPods),
      },
      nodeInfo: {
        architecture: 'amd64',
        operatingSystem: 'linux',
        osImage: 'Ubuntu 22.04.5 LTS',
        kernelVersion: '5.15.0-1089-azure',
        containerRuntimeVersion: 'containerd://1.7.27-1',
        kubeletVersion: `v${String(pool.properties['currentOrchestratorVersion'] ?? defaultVersion)}`,
        kubeProxyVersion: '',
        bootID: machineId,
        machineID: machineId,
        systemUUID: machineId,
      },
    },
  };
}
