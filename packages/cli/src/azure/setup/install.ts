import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releaseName } from '../names.ts';

/** The chart of this copy of KAITO, as a path from where the person is. */
function chartPath(from: string): string {
  const chart = fileURLToPath(new URL('../../../../../charts/kaito', import.meta.url));
  const path = relative(from, chart);
  return path.startsWith('..') ? chart : path;
}

/** The command that installs KAITO, or brings it up to date, with the values of `file`. */
export function helmCommand(of: {
  readonly from: string;
  readonly namespace: string;
  readonly file: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  /** CRDs and other objects of another release become this one's. */
  readonly takeOwnership?: boolean;
}): readonly string[] {
  const { from, namespace, file } = of;
  const words = ['helm', 'upgrade', '--install', releaseName, chartPath(from), '--namespace', namespace];
  return [
    ...words,
    '--create-namespace',
    '--values',
    file,
    '--wait',
    ...(of.takeOwnership === true ? ['--take-ownership'] : []),
    ...(of.context == null ? [] : ['--kube-context', of.context]),
    ...(of.kubeconfig == null ? [] : ['--kubeconfig', of.kubeconfig]),
  ];
}
