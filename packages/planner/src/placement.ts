import { gpuTaint, instanceTypeLabel, spotTaint } from '@kaito/api';
import { type Catalog, findMachine, type MachineType, suggestMachine } from '@kaito/catalog';
import type { Facts, NodeFacts } from './facts.ts';
import { plural } from './words.ts';
import type { Notes } from './notes.ts';
import type { PlacementChoice, PlanOptions } from './plan.ts';
import { optional, type Request } from './request.ts';

/** Tolerations of every pod on a GPU machine, as KAITO v0.2 sets them: `gpu` is an older taint, `sku=gpu` the one of rented machines. */
const tolerations: PlacementChoice['tolerations'] = [
  { key: 'gpu', operator: 'Equal', effect: 'NoSchedule' },
  { key: gpuTaint.key, operator: 'Equal', value: gpuTaint.value, effect: gpuTaint.effect },
];

/** Of every pod whose machine may be rented: whether it becomes a spot machine is decided where it is rented. */
const spotToleration: PlacementChoice['tolerations'][number] = { ...spotTaint, operator: 'Equal' };

/** What a name of an Azure machine type looks like. */
const machineTypeName = /^Standard_[A-Za-z0-9_]+$/;

/** How the instanceType was understood. `existing`: it is empty; `known` has the catalog's entry. */
export type MachineChoice =
  | { readonly kind: 'existing' }
  | { readonly kind: 'known'; readonly type: MachineType }
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'invalid'; readonly name: string };

/** Finds the machine type that the Workspace names; an unknown one is admitted with a warning, nonsense is not. */
export function chooseMachine(request: Request, catalog: Catalog, options: PlanOptions, notes: Notes): MachineChoice {
  const name = request.instanceType;
  if (options.target === 'local' || name === '') return { kind: 'existing' };
  const type = findMachine(catalog, name);
  if (type !== undefined) {
    warnOfRetirement(type, notes);
    return { kind: 'known', type };
  }
  const near = suggestMachine(catalog, name);
  const hint = near === undefined ? '' : `Did you mean "${near}"? `;
  const path = 'resource.instanceType';
  if (!machineTypeName.test(name)) {
    notes.error(
      'InvalidInstanceType',
      path,
      `"${name}" is not the name of a machine type.`,
      `${hint}List them with \`kaito machines\`.`,
    );
    return { kind: 'invalid', name };
  }
  notes.warning(
    'UnknownMachineType',
    path,
    `The catalog does not know ${name}, so whether the model fits there is not checked.`,
    `${hint}If it is right, extend the catalog with its figures from \`az vm list-skus --size ${name} --all -o json\`.`,
  );
  return { kind: 'unknown', name };
}

function warnOfRetirement(type: MachineType, notes: Notes): void {
  if (type.retirement === undefined) return;
  const { date, successor } = type.retirement;
  notes.warning(
    'MachineTypeRetired',
    'resource.instanceType',
    `The cloud's retirement date of ${type.name} is ${date}: from then on it cannot be rented.`,
    successor === undefined ? 'Choose another machine type.' : `Use ${successor} instead.`,
  );
}

/** Where the pods go, and how many machines are to be rented for them. */
export function choosePlacement(
  request: Request,
  machine: MachineChoice,
  needs: { readonly gpu: boolean; readonly diskGiB: number },
  facts: Facts,
  options: PlanOptions,
  notes: Notes,
): PlacementChoice {
  if (options.target === 'local') {
    return { machinesWanted: 0, nodeSelector: {}, preferredNodes: [], tolerations: [], diskGiB: needs.diskGiB };
  }
  const nodeSelector = request.selector ?? {};
  if (request.selector === undefined) {
    notes.error(
      'UnsupportedSelector',
      'resource.labelSelector',
      'resource.labelSelector cannot be written as labels of a machine.',
      'Use matchLabels, or the operator In with one value.',
    );
  }
  return {
    ...optional('instanceType', machine.kind === 'known' ? machine.type.name : request.instanceType || undefined),
    machinesWanted: machinesWanted(request, machine, nodeSelector, facts, notes),
    nodeSelector,
    preferredNodes: request.preferredNodes,
    tolerations: [
      ...(needs.gpu || mayHaveGpus(machine) ? tolerations : []),
      ...(machine.kind === 'existing' ? [] : [spotToleration]),
    ],
    diskGiB: needs.diskGiB,
  };
}

/** Machines with GPUs are tainted, whatever runs there. Azure's machine types with GPUs are the families that begin with N. */
function mayHaveGpus(machine: MachineChoice): boolean {
  if (machine.kind === 'known') return machine.type.gpu !== undefined;
  return machine.kind === 'unknown' && /^Standard_N/i.test(machine.name);
}

function machinesWanted(
  request: Request,
  machine: MachineChoice,
  selector: Readonly<Record<string, string>>,
  facts: Facts,
  notes: Notes,
): number {
  if (machine.kind === 'invalid') return 0;
  const rents = machine.kind !== 'existing';
  if (facts.cluster.state !== 'known') {
    if (rents) {
      notes.decide(
        'machines',
        plural(request.count, 'machine'),
        'the nodes of the cluster are not known, so each may have to be rented',
      );
    } else {
      notes.decide('machines', 'existing nodes', 'instanceType is empty, so nothing is rented');
    }
    return rents ? request.count : 0;
  }
  const wantedType = machine.kind === 'known' ? machine.type.name : request.instanceType;
  const matching = facts.cluster.value.nodes.filter((node) => matches(node, selector, rents ? wantedType : undefined));
  const ready = matching.filter((node) => node.ready).length;
  const missing = Math.max(0, request.count - ready);
  if (!rents) {
    notes.decide(
      'machines',
      'existing nodes',
      `instanceType is empty, so nothing is rented; ${plural(ready, 'ready node')} match the selector`,
    );
    if (missing > 0) {
      notes.warning(
        'NotEnoughNodes',
        'resource.labelSelector',
        `${ready} of ${plural(request.count, 'node')} with ${describe(selector)} are ready, and an empty instanceType rents none.`,
        'Label a node (`kubectl label node NAME KEY=VALUE`), or set resource.instanceType in a new Workspace.',
      );
    }
    return 0;
  }
  notes.decide(
    'machines',
    plural(missing, 'machine'),
    `${ready} of ${plural(request.count, 'node')} wanted are in the cluster and ready`,
  );
  if (ready > 0) {
    notes.info(
      'ExistingNodesUsed',
      'resource.labelSelector',
      `${plural(ready, 'ready node')} of type ${wantedType} with ${describe(selector)} count, so ${plural(missing, 'machine')} will be rented.`,
    );
  }
  return missing;
}

/** A node counts when it carries every selected label, and the machine type unless it has no such label. */
function matches(
  node: NodeFacts,
  selector: Readonly<Record<string, string>>,
  instanceType: string | undefined,
): boolean {
  const label = node.labels[instanceTypeLabel];
  const typeMatches =
    instanceType === undefined || label === undefined || label.toLowerCase() === instanceType.toLowerCase();
  return typeMatches && Object.entries(selector).every(([key, value]) => node.labels[key] === value);
}

function describe(selector: Readonly<Record<string, string>>): string {
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  return labels.length === 0 ? 'any labels' : labels.join(', ');
}
