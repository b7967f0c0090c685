import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DebianPackages, ensureDebianPackages } from '../debian-packages/debian-packages.ts';
import { type GoPrograms, type Progress, downloadGoModules, ensureGoPrograms } from '../go-programs.ts';

const sources = fileURLToPath(new URL('../../go', import.meta.url));

/** Of the same module as the control plane, so that most of them is compiled already. */
const programs: GoPrograms = {
  sources,
  builds: [{ module: sources, packages: ['./coredns', './pause', './gpu-plugin', './probe'], ldflags: '-s -w' }],
};

/** The container runtime, the network plugins and what kube-proxy sets its rules with; then their libraries. */
const packages = [
  'containerd',
  'runc',
  'containernetworking-plugins',
  'nftables',
  'libnftables1',
  'libnftnl11',
  'libmnl0',
  'libxtables12',
  'libjansson4',
  'libedit2',
  'libbsd0',
  'libmd0',
  'libgmp10',
  'libseccomp2',
];

/** What real nodes are made of, beside the `kube` program. */
export interface NodePrograms {
  readonly coredns: string;
  /** Holds a pod's namespaces. */
  readonly pause: string;
  /** Stands in for NVIDIA's device plugin. */
  readonly gpuPlugin: string;
  /** A server and a client, for tests. */
  readonly probe: string;
  /** containerd, runc, CNI plugins, nftables. */
  readonly debian: DebianPackages;
}

/** Built and fetched on first use. @throws LabError where that fails. */
export async function ensureNodePrograms(progress: Progress): Promise<NodePrograms> {
  const [bin, debian] = await Promise.all([
    ensureGoPrograms(programs, progress),
    ensureDebianPackages(packages, progress),
  ]);
  return {
    coredns: join(bin, 'coredns'),
    pause: join(bin, 'pause'),
    gpuPlugin: join(bin, 'gpu-plugin'),
    probe: join(bin, 'probe'),
    debian,
  };
}

/** Fetches all that comes over the network: sources and packages. */
export async function downloadNodePrograms(progress: Progress): Promise<void> {
  await downloadGoModules(programs, progress);
  await ensureDebianPackages(packages, progress);
}
