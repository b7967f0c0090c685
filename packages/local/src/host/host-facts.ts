import { dirname, resolve } from 'node:path';
import type { HostFacts } from '@kaito/planner';
import { cacheDirectory } from '../state/directories.ts';
import { type CgroupLimits, cgroupLimits } from './cgroup.ts';
import { findGpus } from './gpus.ts';
import { type Host, thisHost } from './host-files.ts';

export interface HostFactsOptions {
  /** Where the weights will lie; it need not exist yet. Default `cacheDirectory()`. */
  readonly cacheDirectory?: string;
  readonly host?: Host;
}

/** `MemAvailable` of /proc/meminfo, bytes. */
function parseAvailable(meminfo: string | undefined): number | undefined {
  const kibibytes = meminfo?.match(/^MemAvailable:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/**
 * `vm_stat` of macOS: pages that are free, or can be freed without writing (inactive, speculative, purgeable), in bytes. `os.freemem()`
 * counts only the first and so says far too little.
 */
export function parseVmStat(text: string | undefined): number | undefined {
  const pageSize = Number(text?.match(/page size of (\d+) bytes/)?.[1]);
  if (text === undefined || !Number.isFinite(pageSize)) return undefined;
  let pages = 0;
  for (const kind of ['free', 'inactive', 'speculative', 'purgeable']) {
    pages += Number(text.match(new RegExp(`^Pages ${kind}:\\s+(\\d+)\\.`, 'm'))?.[1] ?? 0);
  }
  return pages * pageSize;
}

async function availableMemory(host: Host, limits: CgroupLimits): Promise<number> {
  const system =
    host.platform === 'linux'
      ? parseAvailable(await host.readFile('/proc/meminfo'))
      : host.platform === 'darwin'
        ? parseVmStat(await host.run('vm_stat', [], 2000))
        : undefined;
  const available = system ?? host.freeMemoryBytes();
  if (limits.memoryBytes === undefined) return available;
  return Math.max(0, Math.min(available, limits.memoryBytes - (limits.memoryUsedBytes ?? 0)));
}

async function freeDisk(host: Host, path: string): Promise<number> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const free = await host.freeDiskBytes(at);
    if (free !== undefined) return free;
    if (at === dirname(at)) return 0;
  }
}

/** This machine as the planner wants to know it: what the control group really allows, not what the hardware has. */
export async function hostFacts(options: HostFactsOptions = {}): Promise<HostFacts> {
  const host = options.host ?? thisHost;
  const limits = host.platform === 'linux' ? await cgroupLimits(host) : {};
  const [availableMemoryBytes, freeDiskBytes, gpus] = await Promise.all([
    availableMemory(host, limits),
    freeDisk(host, options.cacheDirectory ?? cacheDirectory()),
    findGpus(host),
  ]);
  return {
    platform: host.platform,
    arch: host.arch,
    cores: Math.min(host.cores(), limits.cores ?? Infinity),
    memoryBytes: Math.min(host.totalMemoryBytes(), limits.memoryBytes ?? Infinity),
    availableMemoryBytes,
    freeDiskBytes,
    gpus,
  };
}
