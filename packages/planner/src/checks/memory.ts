import { formatBytes } from '@kaito/catalog';
import { type Check, type Draft, estimateOverridden } from '../draft.ts';
import { accountInWords } from '../memory.ts';
import { plural } from '../words.ts';

/** The account must fit the device. What is only busy at the moment can become free, so it warns. */
export const memoryFits: Check = (draft, notes) => {
  const { fit, hardware, model, options, facts } = draft;
  if (fit?.account.fits !== false || hardware === undefined) return;
  const { account } = fit;
  const gpu = account.device === 'gpu';
  const { contextLength, parallel } = fit.load;
  const message = `${model.entry.name} needs ${accountInWords(account, fit.gpus, hardware.label)}; that is for ${plural(parallel, 'request')} of ${contextLength} tokens.`;
  const remedy = remedyFor(draft);
  const path = options.target === 'local' ? 'inference.preset.name' : 'resource.instanceType';
  const total = facts.host.state === 'known' ? facts.host.value.memoryBytes : 0;
  if (options.target === 'local' && account.requiredBytes <= total) {
    notes.warning(
      'MemoryBusy',
      path,
      message,
      `Free ${formatBytes(-(account.headroomBytes ?? 0))} by ending other programs, or ask for less.`,
    );
  } else if (estimateOverridden(draft)) {
    notes.warning(
      'EstimateOverridden',
      path,
      `${message} The estimate is overridden, so it is admitted all the same.`,
      'Watch the first start for an out-of-memory end.',
    );
  } else {
    notes.error(gpu ? 'InsufficientGPUMemory' : 'InsufficientMemory', path, message, remedy);
  }
};

/** The pods' GPUs must be on one machine. */
export const gpusSuffice: Check = (draft, notes) => {
  const { fit, hardware, model, request, machine, options } = draft;
  const { entry } = model;
  if (options.target === 'local' || entry.kind !== 'image' || machine.kind === 'invalid') return;
  if (entry.workload === 'StatefulSet' && entry.worldSize % request.count !== 0) {
    notes.error(
      'UnevenRanks',
      'resource.count',
      `The weights of ${entry.name} are cut into ${entry.worldSize} parts, one per GPU, which ${plural(request.count, 'machine')} cannot share evenly.`,
      `Set resource.count to ${divisors(entry.worldSize).join(', ')}.`,
    );
  } else if (fit === undefined && hardware?.gpus !== undefined) {
    const perPod = entry.worldSize / request.count;
    const count = divisors(entry.worldSize).find((nodes) => entry.worldSize / nodes <= hardware.gpus!);
    notes.error(
      'InsufficientGPUs',
      'resource.instanceType',
      `${entry.name} needs ${entry.worldSize} GPUs, ${perPod} on each of ${plural(request.count, 'machine')}, but ${request.instanceType} has ${hardware.gpus}.`,
      count === undefined
        ? remedyFor(draft)
        : `Set resource.count to ${count}, or choose a machine type with ${perPod} GPUs.`,
    );
  } else if (fit !== undefined && entry.workload === 'Deployment' && fit.gpusPerPod < entry.gpuCount) {
    notes.warning(
      'FewerGPUsThanPreset',
      'resource.instanceType',
      `The preset asks for ${plural(entry.gpuCount, 'GPU')}, but ${request.instanceType} has ${fit.gpusPerPod}; by the account that suffices.`,
    );
  }
};

/** A GPU preset cannot run on a machine without one that CUDA serves. */
export const gpuPresent: Check = (draft, notes) => {
  const { machine, hardware, model } = draft;
  if (machine.kind !== 'known' || hardware !== undefined) return;
  const { gpu, name } = machine.type;
  notes.error(
    'NoGPU',
    'resource.instanceType',
    gpu === undefined
      ? `${model.entry.name} runs on NVIDIA GPUs only, and ${name} has no GPU.`
      : `${model.entry.name} runs on NVIDIA GPUs only, and ${name} has ${gpu.model}.`,
    remedyFor(draft),
  );
};

function remedyFor({ alternatives }: Draft): string {
  const named = alternatives.slice(0, 3).map(({ kind, name }) => {
    switch (kind) {
      case 'machine':
        return `machine type ${name}`;
      case 'quantisation':
        return `quantisation ${name}`;
      case 'context':
        return `a context of ${name}`;
      case 'model':
        return `preset ${name}`;
    }
  });
  return named.length === 0 ? 'Choose a smaller model (`kaito models`).' : `Choose ${named.join(', or ')}.`;
}

function divisors(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter((nodes) => count % nodes === 0);
}
