import {
  archLabel,
  capacityTypeLabel,
  instanceTypeLabel,
  machineTypeLabel,
  type NodeClaim,
  nodePoolLabel,
  nodePoolName,
  osLabel,
  provisionerNameLabel,
  skuNameLabel,
  zoneLabel,
} from '@kaito/api';
import { type Catalog, findMachine } from '@kaito/catalog';
import type { Candidate } from './candidate.ts';

export const capacityTypes = { spot: 'spot', onDemand: 'on-demand' } as const;

/** Whether a machine has GPUs: by the catalog, else by Azure's N series; whatever the case. */
export function hasGpu(catalog: Catalog, vmSize: string): boolean {
  const machine = findMachine(catalog, vmSize);
  return machine === undefined ? /^standard_n/i.test(vmSize) : machine.gpu !== undefined;
}

/** Azure's names carry a `p` among their features where the processor is Arm: https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions. */
function architecture(vmSize: string): 'arm64' | 'amd64' {
  return /^standard_[a-z]+\d+(?:-\d+)?[a-z]*p[a-z]*_/i.test(vmSize) || /_GB\d+_/i.test(vmSize) ? 'arm64' : 'amd64';
}

/** A zone as Kubernetes' label has it: `westus3-1`. */
export function zoneOfLabel(location: string, zone: string): string {
  return `${location.toLowerCase()}-${zone}`;
}

/**
 * What the labels of a candidate's node would say, by key; undefined where it is not known. A key that is not here is nothing that we know
 * of machines.
 */
export function machineFacts(
  candidate: Candidate,
  claim: NodeClaim,
  { catalog, location }: { readonly catalog: Catalog; readonly location: string },
): ReadonlyMap<string, string | undefined> {
  const { vmSize, zone, spot } = candidate;
  const labels = claim.metadata.labels ?? {};
  const machine = findMachine(catalog, vmSize);
  const kind = hasGpu(catalog, vmSize) ? 'gpu' : 'cpu';
  return new Map<string, string | undefined>([
    [instanceTypeLabel, vmSize],
    [skuNameLabel, vmSize],
    [zoneLabel, zone === undefined ? undefined : zoneOfLabel(location, zone)],
    ['topology.kubernetes.io/region', location],
    [capacityTypeLabel, spot ? capacityTypes.spot : capacityTypes.onDemand],
    [archLabel, architecture(vmSize)],
    [osLabel, 'linux'],
    [machineTypeLabel, kind],
    ['gpu-provisioner.sh/machine-type', kind],
    [nodePoolLabel, labels[nodePoolLabel] ?? nodePoolName],
    [provisionerNameLabel, labels[provisionerNameLabel] ?? 'default'],
    ['karpenter.azure.com/sku-cpu', text(machine?.vcpus)],
    ['karpenter.azure.com/sku-memory', text(machine === undefined ? undefined : machine.memoryGiB * 1024)],
    ['karpenter.azure.com/sku-gpu-count', text(machine === undefined ? undefined : (machine.gpu?.count ?? 0))],
  ]);
}

function text(number: number | undefined): string | undefined {
  return number === undefined ? undefined : String(number);
}
