import { GiB, type MachineType, usableGpuBytes } from '@kaito/catalog';
import type { HostFacts } from './facts.ts';

/** The memory that one server can have: GPUs of one machine, or the machine's RAM. Fields are absent where they are not known. */
export interface Hardware {
  readonly device: 'gpu' | 'host';
  /** Bytes that one GPU, or the RAM, offers. */
  readonly usableBytes?: number;
  /** GPUs of one machine; 0 for RAM. */
  readonly gpus?: number;
  /** Cores for the server's threads. */
  readonly cores?: number;
  /** For sentences: `one NVIDIA T4`, `Standard_D8s_v5`, `this machine`. */
  readonly label: string;
}

/** Least compute capability of CUDA 12 (its release notes end support for Kepler, 3.5 and 3.7). */
export const leastComputeCapability = 5;

/** Compute capability from which GPUs calculate in bfloat16 (Ampere; CUDA C++ Programming Guide, "Compute Capabilities"). */
export const bfloat16Capability = 8;

/** The compute capability as a number that orders rightly (`7.5`, `10.0`); undefined for GPUs of other makers than NVIDIA. */
export function computeCapability(type: MachineType): number | undefined {
  const stated = type.gpu?.computeCapability;
  return stated === undefined ? undefined : Number(stated);
}

/** What a model of that kind can use of a machine type; undefined where there is nothing: an image preset without an NVIDIA GPU. */
export function hardwareOf(type: MachineType, kind: 'image' | 'gguf'): Hardware | undefined {
  const capability = computeCapability(type);
  if (
    type.gpu !== undefined &&
    capability !== undefined &&
    (kind === 'image' || capability >= leastComputeCapability)
  ) {
    return {
      device: 'gpu',
      usableBytes: usableGpuBytes(type.gpu),
      gpus: type.gpu.count,
      label: `one ${type.gpu.model}`,
    };
  }
  if (kind === 'image') return undefined;
  return {
    device: 'host',
    usableBytes: allocatableBytes(type.memoryGiB * GiB),
    gpus: 0,
    cores: type.vcpus,
    label: type.name,
  };
}

/** The GPUs of this machine that the server may use, as one pool of equal ones: the smallest free memory counts for each. */
export function hostGpus(host: HostFacts): Hardware | undefined {
  const [first] = host.gpus;
  if (first === undefined) return undefined;
  const free = Math.min(...host.gpus.map((gpu) => gpu.freeBytes ?? gpu.memoryBytes));
  return {
    device: 'gpu',
    usableBytes: free,
    gpus: host.gpus.length,
    cores: host.cores,
    label: `this machine's ${first.model}`,
  };
}

/** This machine's RAM, as much as is available now. */
export function hostMemory(host: HostFacts): Hardware {
  return {
    device: 'host',
    usableBytes: Math.min(host.availableMemoryBytes, host.memoryBytes),
    gpus: 0,
    cores: host.cores,
    label: 'this machine',
  };
}

/**
 * RAM of a node that pods can have: AKS reserves 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112 and 2 %
 * of the rest, and evicts below 750 MiB (https://learn.microsoft.com/azure/aks/node-resource-reservations, before Kubernetes 1.29; later
 * versions reserve less).
 */
function allocatableBytes(memoryBytes: number): number {
  const steps = [
    [4, 0.25],
    [4, 0.2],
    [8, 0.1],
    [112, 0.06],
    [Infinity, 0.02],
  ] as const;
  let rest = memoryBytes;
  let reserved = (750 / 1024) * GiB;
  for (const [width, share] of steps) {
    const part = Math.min(rest, width * GiB);
    reserved += part * share;
    rest -= part;
  }
  return Math.max(0, Math.floor(memoryBytes - reserved));
}
