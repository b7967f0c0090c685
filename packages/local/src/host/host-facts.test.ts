import { expect, test } from 'vitest';
import { hostFacts } from './host-facts.ts';
import type { Host } from './host-files.ts';

const GiB = 2 ** 30;

function aHost(files: Record<string, string>, change: Partial<Host> = {}): Host {
  return {
    platform: 'linux',
    arch: 'x64',
    readFile: async (path) => files[path],
    run: async () => undefined,
    freeDiskBytes: async (path) => (path === '/' ? 7 * GiB : undefined),
    cores: () => 16,
    totalMemoryBytes: () => 64 * GiB,
    freeMemoryBytes: () => 1 * GiB,
    ...change,
  };
}

const facts = async (host: Host) => hostFacts({ cacheDirectory: '/not/there', host });
const meminfo = { '/proc/meminfo': `MemTotal: 67108864 kB\nMemAvailable:   41943040 kB\n` };

test('a machine without control groups is as large as it is', async () => {
  expect(await facts(aHost(meminfo))).toEqual({
    platform: 'linux',
    arch: 'x64',
    cores: 16,
    memoryBytes: 64 * GiB,
    availableMemoryBytes: 40 * GiB,
    freeDiskBytes: 7 * GiB,
    gpus: [],
  });
});

test('cgroup v2: the tightest limit from the group upward holds', async () => {
  const host = aHost({
    ...meminfo,
    '/proc/self/cgroup': '0::/kubepods/pod1/c1\n',
    '/sys/fs/cgroup/cgroup.controllers': 'cpu memory',
    '/sys/fs/cgroup/kubepods/pod1/c1/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/kubepods/pod1/cpu.max': '150000 100000\n',
    '/sys/fs/cgroup/kubepods/cpu.max': '800000 100000\n',
    '/sys/fs/cgroup/kubepods/pod1/c1/memory.max': `${8 * GiB}\n`,
    '/sys/fs/cgroup/kubepods/pod1/c1/memory.current': `${3 * GiB}\n`,
    '/sys/fs/cgroup/kubepods/pod1/c1/memory.stat': `anon 5\ninactive_file ${GiB}\n`,
    '/sys/fs/cgroup/kubepods/pod1/memory.max': 'max\n',
  });
  expect(await facts(host)).toMatchObject({ cores: 1.5, memoryBytes: 8 * GiB, availableMemoryBytes: 6 * GiB });
});

test('cgroup v1: quota and limit, and its way of saying that there is none', async () => {
  const files = {
    ...meminfo,
    '/proc/self/cgroup': '4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n',
    '/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us': '250000\n',
    '/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    '/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes': `${4 * GiB}\n`,
    '/sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes': `${GiB}\n`,
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  };
  expect(await facts(aHost(files))).toMatchObject({ cores: 2.5, memoryBytes: 4 * GiB, availableMemoryBytes: 3 * GiB });
});

test('GPUs come from nvidia-smi; what the driver does not know is left out', async () => {
  const output = 'Tesla T4, 15360, 15101, 7.5\nOdd GPU, 8192, [N/A], [N/A]\nNo memory, [N/A], 1, 8.0\n';
  const host = aHost(meminfo, { run: async (program) => (program === 'nvidia-smi' ? output : undefined) });
  expect((await facts(host)).gpus).toEqual([
    { model: 'Tesla T4', memoryBytes: 15 * GiB, freeBytes: 15101 * 2 ** 20, computeCapability: '7.5' },
    { model: 'Odd GPU', memoryBytes: 8 * GiB },
  ]);
});

test('macOS: available memory counts what can be freed', async () => {
  const output = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            300000.
Pages inactive:                           20000.
Pages speculative:                         1000.
Pages purgeable:                            500.
`;
  const host = aHost(
    {},
    { platform: 'darwin', arch: 'arm64', run: async (program) => (program === 'vm_stat' ? output : undefined) },
  );
  expect((await facts(host)).availableMemoryBytes).toBe(31_500 * 16_384);
});

test('this machine answers with figures that can be', async () => {
  const { cores, memoryBytes, availableMemoryBytes, freeDiskBytes } = await hostFacts();
  expect(cores).toBeGreaterThan(0);
  expect(memoryBytes).toBeGreaterThan(0);
  expect(availableMemoryBytes).toBeGreaterThan(0);
  expect(availableMemoryBytes).toBeLessThanOrEqual(memoryBytes);
  expect(freeDiskBytes).toBeGreaterThan(0);
});
