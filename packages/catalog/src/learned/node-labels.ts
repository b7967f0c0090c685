import type { Finding } from '@kaito/api';
import { type Catalog, findMachine } from '../catalog.ts';
import type { GpuSpec, MachineType } from '../machine.ts';
import { GiB } from '../sizing/units.ts';
import { computeCapabilities, gpuModelOf } from './gpu-names.ts';

/** What the node's capacity says besides its labels. */
export interface NodeCapacity {
  readonly vcpus?: number;
  readonly memoryBytes?: number;
}

export interface LearnedMachine {
  /** Absent where the labels name no machine type; vCPUs and memory are 0 where neither the catalog nor the capacity tells them. */
  readonly machine?: MachineType;
  /** `UnknownMachineType` (warning) where neither the catalog nor GPU labels describe the node's machine type. */
  readonly findings: readonly Finding[];
}

function wholeNumber(label: string | undefined): number | undefined {
  return label !== undefined && /^\d{1,9}$/.test(label) ? Number(label) : undefined;
}

/** Memory as sold: of the catalog's GPUs of that model, the smallest that is not less than what the node reports. */
function soldMemoryGiB(catalog: Catalog, model: string, reportedGiB: number): number | undefined {
  const sizes = catalog.machines.flatMap(({ gpu }) =>
    gpu?.model === model && gpu.fraction === undefined && gpu.memoryGiB >= reportedGiB ? [gpu.memoryGiB] : [],
  );
  return sizes.length > 0 ? Math.min(...sizes) : undefined;
}

/**
 * The GPUs that NVIDIA's GPU feature discovery wrote into labels: `nvidia.com/gpu.product`, `.count`, `.memory` (MiB of one GPU), `.compute.major`
 * and `.minor`. A product that is not known, or a MIG slice, keeps the reported memory, not rounded up.
 */
function gpuFromLabels(labels: Readonly<Record<string, string>>, catalog: Catalog): GpuSpec | undefined {
  const product = labels['nvidia.com/gpu.product'];
  const count = wholeNumber(labels['nvidia.com/gpu.count']);
  const memoryMiB = wholeNumber(labels['nvidia.com/gpu.memory']);
  if (product === undefined || !count || !memoryMiB) return undefined;
  const reportedGiB = memoryMiB / 1024;
  const model = product.includes('-MIG-') ? undefined : gpuModelOf(product.split('-'));
  const sold = model === undefined ? undefined : soldMemoryGiB(catalog, model, reportedGiB);
  const major = wholeNumber(labels['nvidia.com/gpu.compute.major']);
  const minor = wholeNumber(labels['nvidia.com/gpu.compute.minor']);
  const computeCapability =
    major !== undefined && minor !== undefined ? `${major}.${minor}` : model && computeCapabilities[model];
  return {
    model: model !== undefined && sold !== undefined ? model : product.replaceAll('-', ' '),
    count,
    memoryGiB: sold ?? reportedGiB,
    ...(computeCapability ? { computeCapability } : {}),
  };
}

/**
 * The machine type of a node from its labels. A type that the catalog knows is the catalog's, but with the GPUs that the node really
 * reports (a node may run with fewer, or with MIG slices). Never throws.
 */
export function machineFromNodeLabels(
  labels: Readonly<Record<string, string>>,
  catalog: Catalog,
  capacity: NodeCapacity = {},
): LearnedMachine {
  const name = labels['node.kubernetes.io/instance-type'] ?? labels['beta.kubernetes.io/instance-type'];
  if (!name) return { findings: [] };
  const known = findMachine(catalog, name);
  const gpu = gpuFromLabels(labels, catalog) ?? known?.gpu;
  const described = known ?? { name, cloud: 'unknown', nvmeGiB: 0, vcpus: 0, memoryGiB: 0 };
  const machine: MachineType = {
    ...described,
    vcpus: known?.vcpus ?? capacity.vcpus ?? 0,
    memoryGiB: known?.memoryGiB ?? (capacity.memoryBytes ?? 0) / GiB,
    ...(gpu ? { gpu } : {}),
    provenance: known && gpu === known.gpu ? known.provenance : { source: "the node's labels" },
  };
  const findings: Finding[] =
    known || gpu
      ? []
      : [
          {
            code: 'UnknownMachineType',
            severity: 'warning',
            message: `The catalog does not know the machine type "${name}", and the node has no GPU labels: whether a model fits it cannot be checked.`,
            remedy: "Install NVIDIA's GPU feature discovery, or describe the machine type in a catalog file.",
          },
        ];
  return { machine, findings };
}
