import { type Catalog, findModel, formatBytes, type MachineType } from '@kaito/catalog';
import type { ChosenModel } from './choose-model.ts';
import { onEach } from './memory.ts';
import { comfortableContext, firstThatFits, fitLoad, layoutsOn, wishFor } from './fit.ts';
import { bfloat16Capability, computeCapability, type Hardware, hardwareOf } from './hardware.ts';
import type { Alternative, PlanOptions } from './plan.ts';
import { priceOf } from './price.ts';
import type { Request } from './request.ts';
import { type Fit, fitModel } from './shape.ts';
import { plural } from './words.ts';

/** Machine types that are proposed at most. */
const mostMachines = 3;

/**
 * Machine types, other than the one named, on which the model fits, cheapest first: by known price, then those of unknown price by GPU memory
 * in total, RAM and name. Those that the cloud retires are left out.
 */
export function otherMachines(
  model: ChosenModel,
  request: Request,
  catalog: Catalog,
  options: PlanOptions,
): Alternative[] {
  const named = request.instanceType.toLowerCase();
  return catalog.machines
    .filter(
      (type) =>
        type.retirement === undefined &&
        type.name.toLowerCase() !== named &&
        carriesOn(type, model, request.count, options),
    )
    .toSorted(byPrice)
    .slice(0, mostMachines)
    .map((type) => {
      const price = priceOf(type, request.count);
      return {
        kind: 'machine',
        name: type.name,
        reason: `${describe(type, model)}${price === undefined ? '; its price is not known' : ''}`,
        ...(price === undefined ? {} : { pricePerHour: price }),
      };
    });
}

/** What would fit the same hardware: smaller quantisations, a shorter context, the quantised equivalent of an image preset. */
export function smallerModels(
  model: ChosenModel,
  hardware: Hardware | undefined,
  equivalentOn: Hardware | undefined,
  catalog: Catalog,
  options: PlanOptions,
): Alternative[] {
  return [
    ...quantisations(model, hardware, options),
    ...contexts(model, hardware, options),
    ...equivalent(model, equivalentOn, catalog, options),
  ];
}

function quantisations(model: ChosenModel, hardware: Hardware | undefined, options: PlanOptions): Alternative[] {
  const { entry, quantisation } = model;
  if (entry.kind !== 'gguf' || quantisation === undefined) return [];
  return entry.quantisations
    .filter((other) => other.bytes < quantisation.bytes)
    .toSorted((a, b) => b.bytes - a.bytes)
    .flatMap((other) => {
      const fit = fitModel({ entry, quantisation: other }, hardware, 1, options);
      if (fit?.account.fits !== true) return [];
      return [
        {
          kind: 'quantisation' as const,
          name: other.name,
          reason: `its file is ${formatBytes(other.bytes)}; it needs ${inTotal(fit)}`,
        },
      ];
    });
}

function contexts(model: ChosenModel, hardware: Hardware | undefined, options: PlanOptions): Alternative[] {
  if (options.contextLength === undefined) return [];
  const { contextLength: _asked, ...rest } = options;
  const fit = fitModel(model, hardware, 1, rest);
  if (fit?.account.fits !== true) return [];
  return [{ kind: 'context', name: `${fit.load.contextLength} tokens`, reason: `it needs ${inTotal(fit)}` }];
}

function equivalent(
  model: ChosenModel,
  hardware: Hardware | undefined,
  catalog: Catalog,
  options: PlanOptions,
): Alternative[] {
  const { entry } = model;
  const name = entry.kind === 'image' ? entry.quantisedEquivalent : undefined;
  const other = name === undefined ? undefined : findModel(catalog, name);
  if (other?.kind !== 'gguf') return [];
  const quantisation = other.quantisations.find((candidate) => candidate.name === other.defaultQuantisation);
  if (quantisation === undefined) return [];
  const fit = fitModel({ entry: other, quantisation }, hardware, 1, options);
  if (fit === undefined || fit.account.fits === false) return [];
  return [
    {
      kind: 'model',
      name: other.name,
      reason: `its ${quantisation.name} weights are ${formatBytes(quantisation.bytes)}; it needs ${inTotal(fit)}${offers(hardware)}`,
    },
  ];
}

function offers(hardware: Hardware | undefined): string {
  return hardware?.usableBytes === undefined ? '' : `, and ${hardware.label} has ${formatBytes(hardware.usableBytes)}`;
}

function inTotal({ account, load, gpus }: Fit): string {
  return `${formatBytes(account.requiredBytes)}${onEach(gpus)} for ${plural(load.parallel, 'request')} of ${load.contextLength} tokens`;
}

/** Whether the least useful load fits; cheap, since every machine type of the catalog is asked. */
function carriesOn(type: MachineType, model: ChosenModel, machines: number, options: PlanOptions): boolean {
  const { entry } = model;
  const hardware = hardwareOf(type, entry.kind);
  // A GPU that goes unused would be paid for.
  if (hardware === undefined || (type.gpu !== undefined && hardware.device === 'host')) return false;
  const nodes = entry.kind === 'image' && entry.workload === 'StatefulSet' ? machines : 1;
  const wish = wishFor(entry, hardware, options);
  const layout = firstThatFits(layoutsOn(model, hardware, nodes), wish, hardware.usableBytes);
  if (layout === undefined) return false;
  // A machine that is proposed must do better than barely fit, unless the person asked for so short a context.
  const enough = Math.min(wish.contextLength, comfortableContext);
  return (fitLoad(layout, wish, hardware.usableBytes)?.contextLength ?? 0) * 4 >= enough;
}

function byPrice(a: MachineType, b: MachineType): number {
  const [priceA, priceB] = [a.price?.amount ?? Infinity, b.price?.amount ?? Infinity];
  if (priceA !== priceB) return priceA - priceB;
  return gpuMemoryGiB(a) - gpuMemoryGiB(b) || a.memoryGiB - b.memoryGiB || (a.name < b.name ? -1 : 1);
}

function gpuMemoryGiB({ gpu }: MachineType): number {
  return gpu === undefined ? 0 : gpu.count * gpu.memoryGiB;
}

function describe(type: MachineType, { entry }: ChosenModel): string {
  const { gpu } = type;
  if (gpu === undefined) return `${type.vcpus} vCPUs and ${type.memoryGiB} GiB of RAM`;
  const wanted = entry.kind === 'image' && entry.weightType === 'bfloat16';
  const bfloat16 = wanted && (computeCapability(type) ?? 0) >= bfloat16Capability ? ', with bfloat16 arithmetic' : '';
  return `${gpu.count} × ${gpu.model} of ${gpu.memoryGiB} GiB${bfloat16}`;
}
