import { type Catalog, findMachine, findModel, type MachineType, suggestMachine } from '@kaito/catalog';
import { nothingKnown, plan } from '@kaito/planner';
import { exitCode, type ExitCode, failure } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import { catalogWith, planOptions } from '../plan/planning.ts';
import type { Session } from '../session.ts';
import { price } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import { type Column, fields, table } from '../terminal/table.ts';
import { presetWorkspace, unknownPreset } from '../workspace/manifest.ts';

interface Options {
  readonly catalog?: readonly string[];
  readonly output?: Format;
  readonly fits?: string;
  readonly gpus?: boolean;
}

/** `kaito machines`: the machine types of the catalog, or one of them. */
export async function machines(
  { terminal, now }: Session,
  name: string | undefined,
  options: Options,
): Promise<ExitCode> {
  const catalog = await catalogWith(options.catalog, terminal);
  const one = name == null ? undefined : findMachine(catalog, name);
  if (name != null && one == null) throw unknownMachine(catalog, name);
  const rows = one == null ? select(catalog, options, new Date(now())) : [one];
  if (isData(options.output)) await writeData(terminal, options.output, one ?? rows);
  else if (options.output === 'name') terminal.out(rows.map((row) => `${row.name}\n`).join(''));
  else if (one != null) terminal.out(machineText(one, terminal.outStyle));
  else if (rows.length === 0) terminal.err(`No machine type of the catalog fits ${options.fits}.\n`);
  else terminal.out(table(rows, columns(options.output === 'wide')));
  return exitCode.done;
}

/** Those with a GPU, or those a preset fits on: of the latter only what can still be rented. */
function select(catalog: Catalog, { fits, gpus }: Options, now: Date): readonly MachineType[] {
  const chosen = catalog.machines.filter(({ gpu }) => gpus !== true || gpu != null);
  if (fits == null) return chosen;
  if (findModel(catalog, fits) == null) throw unknownPreset(catalog, fits);
  const today = now.toISOString().slice(0, 10);
  return chosen
    .filter(({ retirement }) => retirement == null || retirement.date > today)
    .filter((machine) => fitsOn(catalog, fits, machine))
    .toSorted(byPrice);
}

/** The planner's own word: what `kaito plan --target cluster` says of a Workspace with this machine type. */
function fitsOn(catalog: Catalog, preset: string, machine: MachineType): boolean {
  const workspace = presetWorkspace(catalog, preset);
  const resource = { labelSelector: { matchLabels: { apps: preset } }, instanceType: machine.name };
  const { admitted, memory } = plan({ ...workspace, resource }, catalog, nothingKnown, planOptions('cluster', {}));
  return admitted && memory?.fits !== false;
}

function byPrice(one: MachineType, other: MachineType): number {
  const unknown = Number.POSITIVE_INFINITY;
  const difference = (one.price?.amount ?? unknown) - (other.price?.amount ?? unknown);
  return Number.isNaN(difference) || difference === 0 ? one.name.localeCompare(other.name, 'en') : difference;
}

function unknownMachine(catalog: Catalog, name: string): Error {
  const meant = suggestMachine(catalog, name);
  const remedy = "See 'kaito machines' for those there are.";
  return failure(
    'UnknownMachine',
    `There is no machine type '${name.slice(0, 100)}' in the catalog.`,
    meant == null ? remedy : `Did you mean ${meant}? ${remedy}`,
  );
}

function columns(wide: boolean): Column<MachineType>[] {
  const all: Column<MachineType>[] = [
    { header: 'NAME', value: ({ name }) => name },
    { header: 'GPUS', value: ({ gpu }) => (gpu == null ? '' : `${countOf(gpu.count)} × ${gpu.model}`) },
    { header: 'GPU MEMORY', value: ({ gpu }) => (gpu == null ? '' : `${gpu.memoryGiB} GiB`), align: 'right' },
    { header: 'VCPUS', value: ({ vcpus }) => String(vcpus), align: 'right' },
    { header: 'RAM', value: ({ memoryGiB }) => `${memoryGiB} GiB`, align: 'right' },
    { header: 'PRICE', value: (machine) => price(machine.price), align: 'right' },
    { header: 'RETIRES', value: ({ retirement }) => retirement?.date ?? '' },
  ];
  if (wide) {
    all.push(
      { header: 'COMPUTE', value: ({ gpu }) => gpu?.computeCapability ?? '' },
      { header: 'NVME', value: ({ nvmeGiB }) => (nvmeGiB === 0 ? '' : `${nvmeGiB} GiB`), align: 'right' },
      { header: 'SUCCESSOR', value: ({ retirement }) => retirement?.successor ?? '' },
      { header: 'REGION', value: (machine) => machine.price?.region ?? '' },
    );
  }
  return all;
}

/** A whole number, or a part of a GPU as a fraction: `1/6`. */
const countOf = (count: number) => (count >= 1 ? String(count) : `1/${Math.round(1 / count)}`);

function machineText(machine: MachineType, style: Style): string {
  const { gpu, retirement, provenance } = machine;
  return fields([
    ['Name', style.bold(machine.name)],
    ['Cloud', machine.cloud],
    ['GPUs', gpu == null ? 'none' : `${countOf(gpu.count)} × ${gpu.model} with ${gpu.memoryGiB} GiB`],
    ['Compute', gpu?.computeCapability],
    ['vCPUs', String(machine.vcpus)],
    ['RAM', `${machine.memoryGiB} GiB`],
    ['NVMe', machine.nvmeGiB === 0 ? 'none' : `${machine.nvmeGiB} GiB`],
    [
      'Price',
      machine.price == null
        ? 'unknown'
        : `${price(machine.price)} in ${machine.price.region}, ${machine.price.provenance.source}`,
    ],
    [
      'Retires',
      retirement == null
        ? undefined
        : `${retirement.date}${retirement.successor == null ? '' : `; successor ${retirement.successor}`}`,
    ],
    ['Source', `${provenance.source}${provenance.asOf == null ? '' : `, as of ${provenance.asOf}`}`],
  ]);
}
