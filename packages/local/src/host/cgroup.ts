import { posix } from 'node:path';
import type { Host } from './host-files.ts';

/** What the control groups of this process allow. Absent: no limit. */
export interface CgroupLimits {
  /** CPU time per time; may be a fraction. */
  readonly cores?: number;
  readonly memoryBytes?: number;
  /** Memory that the group with the tightest limit uses now, page cache that can be dropped left out. */
  readonly memoryUsedBytes?: number;
}

/** The groups of this process: `/proc/self/cgroup` gives `0::/path` (v2) or `N:controllers:/path` (v1). */
export function parseCgroupMembership(text: string): {
  readonly unified?: string;
  readonly byController: ReadonlyMap<string, string>;
} {
  const byController = new Map<string, string>();
  let unified: string | undefined;
  for (const line of text.split('\n')) {
    const [id, controllers, ...path] = line.split(':');
    if (controllers === undefined || path.length === 0) continue;
    if (id === '0' && controllers === '') unified = path.join(':');
    else for (const controller of controllers.split(',')) byController.set(controller, path.join(':'));
  }
  return unified === undefined ? { byController } : { unified, byController };
}

/** The group's directory and those above it, the mount itself included: a limit anywhere above holds too. */
function upwards(mount: string, path: string): string[] {
  const directories: string[] = [];
  for (let at = posix.normalize(`/${path}`); ; at = posix.dirname(at)) {
    directories.push(at === '/' ? mount : `${mount}${at}`);
    if (at === '/') return directories;
  }
}

function number(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text.trim());
  return Number.isFinite(value) ? value : undefined;
}

/** A memory limit at or beyond this (2^62) is v1's way of saying that there is none. */
const noLimit = 2 ** 62;

interface Files {
  readonly cpu: (directory: string) => Promise<number | undefined>;
  readonly memoryLimit: string;
  readonly memoryUsed: string;
  readonly inactive: string;
}

async function tightest(host: Host, cpu: string[], memory: string[], files: Files): Promise<CgroupLimits> {
  let cores: number | undefined;
  for (const directory of cpu) {
    const allowed = await files.cpu(directory);
    if (allowed !== undefined && allowed > 0) cores = Math.min(cores ?? allowed, allowed);
  }
  let memoryBytes: number | undefined;
  let memoryUsedBytes: number | undefined;
  for (const directory of memory) {
    const limit = number(await host.readFile(`${directory}/${files.memoryLimit}`));
    if (limit === undefined || limit <= 0 || limit >= noLimit || limit >= (memoryBytes ?? Infinity)) continue;
    memoryBytes = limit;
    const used = number(await host.readFile(`${directory}/${files.memoryUsed}`));
    const statistics = await host.readFile(`${directory}/memory.stat`);
    const inactive = number(statistics?.match(new RegExp(`^${files.inactive} (\\d+)$`, 'm'))?.[1]) ?? 0;
    memoryUsedBytes = used === undefined ? undefined : Math.max(0, used - inactive);
  }
  return {
    ...(cores !== undefined && { cores }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(memoryUsedBytes !== undefined && { memoryUsedBytes }),
  };
}

/**
 * The limits of the control groups of this process, v2 (`cpu.max`, `memory.max`) or v1 (`cpu.cfs_quota_us`, `memory.limit_in_bytes`), the
 * tightest from the group up to the mount. Kernel documentation: admin-guide/cgroup-v2 and cgroup-v1.
 */
export async function cgroupLimits(host: Host): Promise<CgroupLimits> {
  const membership = parseCgroupMembership((await host.readFile('/proc/self/cgroup')) ?? '');
  const mount = '/sys/fs/cgroup';
  if ((await host.readFile(`${mount}/cgroup.controllers`)) !== undefined) {
    const directories = upwards(mount, membership.unified ?? '/');
    return tightest(host, directories, directories, {
      cpu: async (directory) => {
        const [quota, period] = ((await host.readFile(`${directory}/cpu.max`)) ?? '').trim().split(/\s+/);
        const microseconds = number(quota);
        return microseconds === undefined ? undefined : microseconds / (number(period) ?? 100_000);
      },
      memoryLimit: 'memory.max',
      memoryUsed: 'memory.current',
      inactive: 'inactive_file',
    });
  }
  const { byController } = membership;
  const cpu = upwards(`${mount}/cpu`, byController.get('cpu') ?? '/');
  const memory = upwards(`${mount}/memory`, byController.get('memory') ?? '/');
  return tightest(host, cpu, memory, {
    cpu: async (directory) => {
      const quota = number(await host.readFile(`${directory}/cpu.cfs_quota_us`));
      const period = number(await host.readFile(`${directory}/cpu.cfs_period_us`));
      return quota === undefined || quota <= 0 ? undefined : quota / (period ?? 100_000);
    },
    memoryLimit: 'memory.limit_in_bytes',
    memoryUsed: 'memory.usage_in_bytes',
    inactive: 'total_inactive_file',
  });
}
