import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { downloadGoModules, ensureGoPrograms, type GoPrograms, type Progress } from './go-programs.ts';

const sources = fileURLToPath(new URL('../go', import.meta.url));

/** The version of Kubernetes that the binaries report; the libraries themselves are pinned in go/go.mod. */
const version = 'v1.34.4';

const component = 'k8s.io/component-base/version';

const programs: GoPrograms = {
  sources,
  builds: [
    {
      module: sources,
      packages: ['./kube', 'helm.sh/helm/v3/cmd/helm'],
      ldflags: [
        '-s -w',
        `-X ${component}.gitVersion=${version}`,
        `-X ${component}.gitMajor=1 -X ${component}.gitMinor=34`,
        `-X ${component}.gitTreeState=clean -X ${component}.gitCommit=${'0'.repeat(40)}`,
        `-X ${component}.buildDate=2026-01-01T00:00:00Z`,
      ].join(' '),
    },
    { module: join(sources, 'kwok'), packages: ['sigs.k8s.io/kwok/cmd/kwok'], ldflags: '-s -w' },
  ],
  finish: (bin) => symlinkSync('kube', join(bin, 'kubectl')),
};

/**
 * The folder with `kube` (every server of a cluster, etcd and kubectl, chosen by the first argument or by name), `kubectl`, `helm` and
 * `kwok`; built from their Go modules on first use (minutes).
 *
 * @throws LabError without a Go toolchain that is new enough, and when the build fails.
 */
export async function ensureBinaries(progress: Progress): Promise<string> {
  return await ensureGoPrograms(programs, progress);
}

/** Fetches the modules' sources, which the build needs first; network, not processor. */
export async function downloadModules(progress: Progress): Promise<void> {
  await downloadGoModules(programs, progress);
}
