import type { Check } from '../draft.ts';
import { licenceAccepted, notUsedHere } from './access.ts';
import { cloudOffers, nodesHaveGpus } from './cloud.ts';
import { diskSuffices } from './disk.ts';
import { bfloat16InHardware, countMatchesEstimate, cudaServesGpu, idleGpus } from './hardware.ts';
import { gpuPresent, gpusSuffice, memoryFits } from './memory.ts';
import { contextBounded, optionsPossible } from './options.ts';

/** Every check of a model against its hardware, in the order in which their findings are read: what refuses first. */
export const checks: readonly Check[] = [
  gpuPresent,
  gpusSuffice,
  memoryFits,
  diskSuffices,
  optionsPossible,
  contextBounded,
  bfloat16InHardware,
  cudaServesGpu,
  countMatchesEstimate,
  idleGpus,
  licenceAccepted,
  cloudOffers,
  nodesHaveGpus,
  notUsedHere,
];
