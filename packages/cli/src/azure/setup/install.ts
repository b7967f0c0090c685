import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../../cluster/connect.ts';
import { isData } from '../../output.ts';
import { confirm } from '../../terminal/confirm.ts';
import { withKubernetes } from '../cluster.ts';
import { againFlags, groupAndName, lineOf } from '../command-line.ts';
import { addOnNamespace, provisionerName, releaseName } from '../names.ts';
import type { Step } from '../steps/step.ts';
import type { Setup } from './options.ts';

/** The chart of this copy of KAITO, as a path from where the person is. */
function chartPath(from: string): string {
  const chart = fileURLToPath(new URL('../../../../../charts/kaito', import.meta.url));
  const path = relative(from, chart);
  return path.startsWith('..') ? chart : path;
}

/** The command that installs KAITO, or brings it up to date; `there` is the cluster where it is known to be reached. */
function helmCommand({ tools, namespace, values, flags }: Setup, there?: Cluster): readonly string[] {
  const context = flags.context ?? there?.config.context;
  const words = ['helm', 'upgrade', '--install', releaseName, chartPath(tools.directory), '--namespace', namespace];
  return [
    ...words,
    '--create-namespace',
    '--values',
    values,
    '--wait',
    // CRDs and other objects of another release become this one's.
    ...(flags.takeOver === true ? ['--take-ownership'] : []),
    ...(context === undefined ? [] : ['--kube-context', context]),
    ...(flags.kubeconfig == null ? [] : ['--kubeconfig', flags.kubeconfig]),
  ];
}

export function installStep(setup: Setup, there: Cluster | undefined): Step {
  const { programs } = setup.tools;
  const helm = helmCommand(setup, there);
  return {
    name: 'install',
    state: programs.has('helm') ? 'todo' : 'by hand',
    says: `install KAITO ${there?.where ?? ''} with Helm`.replace('  ', ' '),
    commands: [lineOf(helm)],
    run: async () => {
      await programs.run(helm);
      return `installed KAITO ${there?.where ?? ''} with Helm`.replace('  ', ' ');
    },
  };
}

/** Asks whether to install at once, where there is somebody to ask, and the kubeconfig leads to the cluster. */
export async function offerInstall(setup: Setup): Promise<void> {
  const { session, cluster, flags, tools } = setup;
  const { inIsTerminal, errIsTerminal } = session.terminal;
  if (!tools.programs.has('helm') || !inIsTerminal || !errIsTerminal || isData(flags.output)) return;
  await withKubernetes(session, cluster, flags, async ({ cluster: there }) => {
    if (there === undefined) return;
    if (await confirm(session, `Install KAITO ${there.where} with it now?`, 'Agree beforehand: --install.'))
      await tools.programs.run(helmCommand(setup, there));
  });
}

/** What a person does next. */
export function nextOf(setup: Setup, installs: boolean): readonly string[] {
  const { flags, managedAddOn } = setup;
  const check = `kaito azure doctor ${againFlags(flags)}`;
  if (installs) return [`Check: ${check}`];
  if (managedAddOn)
    return [
      `The add-on's provisioner comes up by itself; at once: kubectl rollout restart deployment/${provisionerName} -n ${addOnNamespace}`,
      `Then check: ${check}`,
    ];
  const context = flags.context == null ? [`az aks get-credentials ${groupAndName(flags)}`] : [];
  return [
    'Install KAITO:',
    ...[...context, lineOf(helmCommand(setup))].map((line) => `  ${line}`),
    `Then check: ${check}`,
  ];
}
