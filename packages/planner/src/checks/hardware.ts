import type { Check } from '../draft.ts';
import { bfloat16Capability, computeCapability, leastComputeCapability } from '../hardware.ts';
import { priceOf } from '../price.ts';
import { plural } from '../words.ts';

/** Older GPUs calculate bfloat16 weights in float32, which is right but slow. */
export const bfloat16InHardware: Check = ({ machine, model }, notes) => {
  if (machine.kind !== 'known' || model.entry.kind !== 'image' || model.entry.weightType !== 'bfloat16') return;
  const capability = computeCapability(machine.type);
  if (capability === undefined || capability >= bfloat16Capability) return;
  const { gpu } = machine.type;
  notes.warning(
    'Bfloat16Emulated',
    'resource.instanceType',
    `${model.entry.name} has bfloat16 weights, and ${gpu?.model} (compute capability ${gpu?.computeCapability}) has no bfloat16 arithmetic: it runs, but slower than on a GPU that has it.`,
    'Choose a machine type with compute capability 8.0 or later, e.g. an A10, A100 or H100, if speed matters.',
  );
};

/** Current CUDA has no code for the oldest GPUs. */
export const cudaServesGpu: Check = ({ machine, model }, notes) => {
  if (machine.kind !== 'known') return;
  const capability = computeCapability(machine.type);
  if (capability === undefined || capability >= leastComputeCapability) return;
  const gpu = machine.type.gpu?.model;
  if (model.entry.kind === 'gguf') {
    notes.warning(
      'GPUNotUsed',
      'resource.instanceType',
      `The server cannot use ${gpu}, which CUDA 12 no longer serves; it runs on the machine's CPU.`,
    );
    return;
  }
  notes.warning(
    'OldComputeCapability',
    'resource.instanceType',
    `CUDA 12 no longer serves ${gpu} (compute capability ${machine.type.gpu?.computeCapability}); the image must be built with an older one.`,
    'Choose a machine type with compute capability 5.0 or later.',
  );
};

/** GPUs that are paid for and not used. */
export const idleGpus: Check = ({ request, machine, fit, placement, alternatives }, notes) => {
  if (machine.kind !== 'known' || machine.type.gpu === undefined || fit?.account.fits !== true) return;
  const { gpu, name } = machine.type;
  const idle = gpu.count - fit.gpusPerPod;
  if (idle <= 0) return;
  const now = priceOf(machine.type, request.count)?.amount ?? Infinity;
  const cheaper = alternatives.find(
    (other) => other.kind === 'machine' && (other.pricePerHour?.amount ?? Infinity) < now,
  );
  notes.info(
    'IdleGPUs',
    'resource.instanceType',
    `${idle} of the ${gpu.count} GPUs of each ${name} stay idle: one pod runs on each machine and takes ${plural(fit.gpusPerPod, 'GPU')}.`,
    cheaper === undefined || placement.machinesWanted === 0
      ? undefined
      : `Choose ${cheaper.name} (${cheaper.reason}), which fits too and costs less.`,
  );
};

/** The count is kept as written; where fewer machines suffice for a distributed model, that is said. */
export const countMatchesEstimate: Check = ({ request, model, hardware, fit }, notes) => {
  const { entry } = model;
  if (entry.kind !== 'image' || entry.workload !== 'StatefulSet' || fit === undefined || hardware?.gpus === undefined)
    return;
  for (let nodes = 1; nodes < request.count; nodes++) {
    if (entry.worldSize % nodes !== 0 || entry.worldSize / nodes > hardware.gpus) continue;
    notes.warning(
      'CountAboveEstimate',
      'resource.count',
      `By the estimate ${plural(nodes, 'machine')} of type ${request.instanceType} would do; resource.count asks for ${request.count}, and so many are used.`,
      `Set resource.count to ${nodes} to rent fewer.`,
    );
    return;
  }
};
