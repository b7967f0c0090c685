import type { Finding } from '@kaito/api';
import { type Catalog, findMachine } from '../catalog.ts';
import type { GpuSpec, MachineType } from '../machine.ts';
import { isObject, type JsonObject } from '../metadata/json-document.ts';
import { computeCapabilities, gpuModelOf } from './gpu-names.ts';

/** Why a size cannot be rented, and where. */
export interface SkuRestriction {
  readonly name: string;
  /** Azure's reason, e.g. `NotAvailableForSubscription` or `QuotaId`. */
  readonly reason: string;
  readonly locations: readonly string[];
  /** Zones alone are restricted, the rest of the region is not. */
  readonly zones: readonly string[];
}

export interface LearnedMachines {
  readonly machines: readonly MachineType[];
  readonly restrictions: readonly SkuRestriction[];
  /** `NotSkuList` (error); `UnknownGpu` (warning) for each size whose GPU the list does not tell and the catalog does not know. */
  readonly findings: readonly Finding[];
}

/**
 * Memory as sold of the GPU that a size name shows, GiB. A100 and H100 differ by family: NC has the 80 GiB A100 and the 94 GiB H100 NVL, ND
 * the 80 GiB H100 (Azure's size pages); an A100 of the ND family may have 40 or 80, so it is not guessed.
 */
function gpuFromName(name: string): Pick<GpuSpec, 'model' | 'memoryGiB'> | undefined {
  const tokens = name.split('_');
  const model = gpuModelOf(tokens);
  const family = /^N([CDV])/i.exec(tokens[1] ?? '')?.[1]?.toUpperCase();
  if (model === 'NVIDIA H100' && family === 'C') return { model: 'NVIDIA H100 NVL', memoryGiB: 94 };
  if (model === 'NVIDIA A100') return family === 'C' ? { model, memoryGiB: 80 } : undefined;
  const sold: Readonly<Record<string, number>> = {
    'NVIDIA T4': 16,
    'NVIDIA H100': 80,
    'NVIDIA H200': 141,
    'AMD Radeon PRO V620': 32,
  };
  const memoryGiB = model === undefined ? undefined : sold[model];
  return model === undefined || memoryGiB === undefined ? undefined : { model, memoryGiB };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function capabilitiesOf(sku: JsonObject): ReadonlyMap<string, number> {
  const list = Array.isArray(sku['capabilities']) ? sku['capabilities'] : [];
  return new Map(
    list.flatMap((item): [string, number][] => {
      if (!isObject(item) || typeof item['name'] !== 'string') return [];
      const value = Number(item['value']);
      return Number.isFinite(value) && value >= 0 ? [[item['name'], value]] : [];
    }),
  );
}

function restrictionsOf(sku: JsonObject, name: string): SkuRestriction[] {
  const list = Array.isArray(sku['restrictions']) ? sku['restrictions'] : [];
  return list.flatMap((item) => {
    if (!isObject(item)) return [];
    const info = isObject(item['restrictionInfo']) ? item['restrictionInfo'] : {};
    const zones = item['type'] === 'Zone' ? strings(info['zones']) : [];
    const reason = typeof item['reasonCode'] === 'string' ? item['reasonCode'] : 'Unknown';
    const locations = strings(info['locations']);
    return [{ name, reason, locations: locations.length > 0 ? locations : strings(item['values']), zones }];
  });
}

/**
 * Machine types from the output of `az vm list-skus -o json` (the text or the parsed array): vCPUs, memory, GPUs and local NVMe from the
 * capabilities, restrictions as Azure states them. The list does not say which GPU a size has: that comes from the catalog where it knows
 * the size, else from the name where that is unambiguous, else the size is left out with a finding. A size that is listed for several
 * regions is taken once. Never throws.
 */
export function machinesFromSkuList(list: unknown, catalog: Catalog): LearnedMachines {
  let skus = list;
  if (typeof list === 'string') {
    try {
      skus = JSON.parse(list) as unknown;
    } catch {
      skus = undefined;
    }
  }
  if (!Array.isArray(skus)) {
    const remedy = 'Run: az vm list-skus --location <region> --resource-type virtualMachines -o json';
    return {
      machines: [],
      restrictions: [],
      findings: [
        {
          code: 'NotSkuList',
          severity: 'error',
          message: 'This is not the JSON array that az vm list-skus prints.',
          remedy,
        },
      ],
    };
  }
  const machines = new Map<string, MachineType>();
  const restrictions: SkuRestriction[] = [];
  const unknown = new Set<string>();
  for (const sku of skus) {
    if (
      !isObject(sku) ||
      typeof sku['name'] !== 'string' ||
      String(sku['resourceType']).toLowerCase() !== 'virtualmachines'
    )
      continue;
    const name = sku['name'];
    restrictions.push(...restrictionsOf(sku, name));
    const capabilities = capabilitiesOf(sku);
    const vcpus = capabilities.get('vCPUs');
    const memoryGiB = capabilities.get('MemoryGB');
    if (!vcpus || !memoryGiB) continue;
    const known = findMachine(catalog, name);
    const count = capabilities.get('GPUs') ?? 0;
    const gpu = gpuOf(name, count, known);
    if (count > 0 && !gpu) {
      unknown.add(name);
      continue;
    }
    machines.set(name.toLowerCase(), {
      ...known,
      name,
      cloud: 'azure',
      vcpus,
      memoryGiB,
      ...(gpu ? { gpu } : {}),
      nvmeGiB: Math.floor((capabilities.get('NvmeDiskSizeInMiB') ?? (known?.nvmeGiB ?? 0) * 1024) / 1024),
      provenance: { source: 'az vm list-skus' },
    });
  }
  const findings = [...unknown].map((name): Finding => ({
    code: 'UnknownGpu',
    severity: 'warning',
    message: `Azure lists ${name} with GPUs, but neither the list nor the catalog says which.`,
    remedy: 'Describe the machine type in a catalog file.',
  }));
  return { machines: [...machines.values()], restrictions, findings };
}

function gpuOf(name: string, count: number, known: MachineType | undefined): GpuSpec | undefined {
  if (known?.gpu) return known.gpu;
  if (!Number.isInteger(count) || count < 1) return undefined;
  const named = gpuFromName(name);
  if (!named) return undefined;
  const computeCapability = computeCapabilities[named.model];
  return { ...named, count, ...(computeCapability ? { computeCapability } : {}) };
}
