import { execFile } from 'node:child_process';

/** One GPU as KAITO's servers report it: texts with units, memory in GB of 1024 MB with two decimals. */
export interface GpuInfo {
  readonly id: number;
  readonly name: string;
  readonly load: string;
  readonly temperature: string;
  readonly memory: { readonly used: string; readonly total: string };
}

const query = [
  '--query-gpu=index,name,utilization.gpu,temperature.gpu,memory.used,memory.total',
  '--format=csv,noheader,nounits',
];

/** KAITO's JSON form of `/metrics`. An empty list where there is no NVIDIA GPU or driver. */
export async function gpuInfo(): Promise<{ gpu_info: readonly GpuInfo[] }> {
  const table = await new Promise<string>((resolve) => {
    execFile('nvidia-smi', query, { timeout: 5000 }, (error, stdout) => resolve(error === null ? stdout : ''));
  });
  return { gpu_info: parseGpuTable(table) };
}

const gigabytes = (mebibytes: string | undefined) => `${(Number(mebibytes) / 1024).toFixed(2)} GB`;

/** Reads nvidia-smi's CSV: index, name, load in percent, temperature in °C, memory used and in total in MiB. */
export function parseGpuTable(table: string): readonly GpuInfo[] {
  return table
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [id, name, load, temperature, used, total] = line.split(',').map((cell) => cell.trim());
      return {
        id: Number(id),
        name: name ?? '',
        load: `${Number(load).toFixed(2)}%`,
        temperature: `${Number(temperature).toFixed(1)} C`,
        memory: { used: gigabytes(used), total: gigabytes(total) },
      };
    });
}
