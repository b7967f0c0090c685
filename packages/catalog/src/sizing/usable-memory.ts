import type { GpuSpec } from '../machine.ts';
import { GiB } from './units.ts';

/**
 * What CUDA reports as a GPU's total memory, GiB, by model and memory as sold: the lowest of the values that PyTorch printed as "total
 * capacity" in the issues named. The rest goes to ECC (a sixteenth on GDDR cards), the driver and the firmware. `nvidia-smi` shows more:
 * 15,360 MiB for a T4, 81,920 for an A100 80GB, 81,559 for an H100 (modal-labs/modal-client PR 2797).
 */
const cudaTotalGiB: Readonly<Record<string, number>> = {
  'NVIDIA T4 16': 14.56, // Zheng-Chong/CatVTON issue 133
  'NVIDIA K80 12': 11.17, // shllln/GenerativeGraph issue 5
  'NVIDIA V100 16': 15.75, // Morizeyao/GPT2-Chinese issue 215
  'NVIDIA V100 32': 31.74, // haotian-liu/LLaVA issue 812
  'NVIDIA A10 24': 21.99, // zai-org/CogVLM issue 236
  'NVIDIA A100 40': 39.5, // TianheWu/CoSeR issue 10
  'NVIDIA A100 80': 79.14, // lianqi1008/Control-GIC issue 6
  'NVIDIA H100 80': 79.11, // vllm-project/vllm issue 27508
  'NVIDIA H100 NVL 94': 93, // ali-vilab/VACE issue 56
};

/** For any other GPU: a little under the least share in the table (a T4's 0.91), so that it is never overestimated. */
const shareOfUnlisted = 0.9;

/**
 * Bytes of one GPU that software can allocate, of the GiB as sold. KAITO's tables take the figure as sold for usable, which overstates a
 * T4 by 1.4 GiB.
 */
export function usableGpuBytes(gpu: GpuSpec): number {
  const listed = gpu.fraction === undefined ? cudaTotalGiB[`${gpu.model} ${gpu.memoryGiB}`] : undefined;
  return Math.floor((listed ?? gpu.memoryGiB * shareOfUnlisted) * GiB);
}
