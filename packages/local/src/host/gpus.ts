import type { GpuFacts } from '@kaito/planner';
import type { Host } from './host-files.ts';

const fields = ['name', 'memory.total', 'memory.free', 'compute_cap'] as const;

/** `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`: one GPU a line, memory in MiB; `[N/A]` where the driver does not know. */
export function parseNvidiaSmi(text: string): GpuFacts[] {
  const gpus: GpuFacts[] = [];
  for (const line of text.split('\n')) {
    const [model, total, free, capability] = line.split(',').map((field) => field.trim());
    const memoryMiB = Number(total);
    const freeMiB = Number(free);
    if (model === undefined || model === '' || !Number.isFinite(memoryMiB) || memoryMiB <= 0) continue;
    gpus.push({
      model,
      memoryBytes: memoryMiB * 1024 * 1024,
      ...(free !== undefined && free !== '' && Number.isFinite(freeMiB) && { freeBytes: freeMiB * 1024 * 1024 }),
      ...(capability !== undefined && /^\d+\.\d+$/.test(capability) && { computeCapability: capability }),
    });
  }
  return gpus;
}

/** This machine's NVIDIA GPUs, empty where `nvidia-smi` is missing or does not answer within 3 s. */
export async function findGpus(host: Host): Promise<GpuFacts[]> {
  const output = await host.run(
    'nvidia-smi',
    [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'],
    3000,
  );
  return output === undefined ? [] : parseNvidiaSmi(output);
}
