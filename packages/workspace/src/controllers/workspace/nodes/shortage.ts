import type { Fault } from '@kaito/diagnosis';
import type { Unfit } from './fitness.ts';
import type { NodeRequest } from './node-request.ts';

/** Nodes named in one sentence; more would not be read. */
const mostNamed = 3;

/** What keeps machines from being asked for, though nodes are missing. */
export type NoMachines = 'existingOnly' | 'noProvisioner' | 'notInstalled';

export interface Shortage {
  readonly request: NodeRequest;
  readonly wanted: number;
  readonly missing: number;
  readonly unfit: readonly Unfit[];
}

/** Says which nodes are missing, why those that have the labels are not used, and what mends it. */
export function shortageFault(because: NoMachines, { request, wanted, missing, unfit }: Shortage): Fault {
  const labels = Object.entries(request.selector).map(([key, value]) => `${key}=${value}`);
  const what = [
    ...(request.instanceType === undefined ? [] : [`of type ${request.instanceType}`]),
    ...(labels.length === 0 ? [] : [`with ${labels.join(', ')}`]),
  ].join(' ');
  const there = `${wanted - missing} of ${wanted} ${wanted === 1 ? 'node' : 'nodes'}${what && ` ${what}`} can be used`;
  const why = unfit.slice(0, mostNamed).map(({ name, words }) => `${name} ${words}`);
  if (unfit.length > mostNamed) why.push(`${unfit.length - mostNamed} more cannot be used either`);
  const sentence = (reason: string) => `${there}${reason}${why.length === 0 ? '' : `: ${why.join('; ')}`}.`;
  const label = `kubectl label node NAME ${labels.join(' ') || 'KEY=VALUE'}`;
  switch (because) {
    case 'existingOnly':
      return {
        code: 'NotEnoughNodes',
        message: sentence(', and an empty instanceType rents none'),
        remedy: mend(unfit) ?? `add a node, or choose one: ${label}`,
        kind: 'terminal',
      };
    case 'noProvisioner':
      return {
        code: 'NoNodeProvisioner',
        message: sentence(', and this operator rents none (nodeProvisioner is none)'),
        remedy: `choose a node: ${label}; or let machines be rented: helm upgrade with --set operator.nodeProvisioner=karpenter`,
        kind: 'terminal',
      };
    case 'notInstalled':
      return {
        code: 'NodeClaimsNotInstalled',
        message: sentence(', and machines cannot be asked for: the cluster does not know nodeclaims.karpenter.sh'),
        remedy: `install a provisioner (the chart's provisioner, or Karpenter), and check: kubectl get crd nodeclaims.karpenter.sh; or choose a node: ${label}`,
        kind: 'terminal',
      };
  }
}

/** Where one command frees a node that has the labels, that command. */
function mend(unfit: readonly Unfit[]): string | undefined {
  const cordoned = unfit.find(({ kind }) => kind === 'Cordoned');
  return cordoned && `give it back to use: kubectl uncordon ${cordoned.name}`;
}
