import type { MemoryAccount, Plan } from '@kaito/planner';
import { blocks } from '../failure.ts';
import { thisMachine } from '../session.ts';
import { bytes, elapsed, price } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import { fields, table } from '../terminal/table.ts';
import { titleOf } from '../workspace/lookup.ts';

/** A Plan for people: what would happen, the memory account, price and phases, why, what stands against it, what would also work. */
export function planText(plan: Plan, style: Style): string {
  const where = plan.target === 'local' ? thisMachine : 'on a cluster';
  const verdict = plan.admitted ? style.green('would run') : style.red('is refused');
  const findings = plan.findings.length === 0 ? '' : `\n${blocks(plan.findings, style)}`;
  const parts = [
    `${style.bold(titleOf(plan.workspace))} ${verdict} ${where}\n`,
    fields(choices(plan)),
    plan.admitted ? '' : findings,
    plan.memory == null ? '' : section('Memory', memoryText(plan.memory, style), style),
    plan.phases.length === 0 || !plan.admitted ? '' : section('Phases', phasesText(plan), style),
    plan.decisions.length === 0 ? '' : section('Why', decisionsText(plan, style), style),
    plan.admitted ? findings : '',
    plan.alternatives.length === 0 ? '' : section('What would work', alternativesText(plan), style),
  ];
  return parts.join('');
}

const section = (title: string, text: string, style: Style) => `\n${style.bold(title)}\n${indented(text)}`;
const indented = (text: string) => text.replaceAll(/^(?=.)/gm, '  ');

function choices({
  model,
  runtime,
  shape,
  placement,
  pricePerHour,
  target,
  admitted,
}: Plan): [string, string | undefined][] {
  const rented = placement?.machinesWanted ?? 0;
  return [
    ['Model', model == null ? undefined : `${model.name}, ${model.title}`],
    [
      'Licence',
      model == null ? undefined : `${model.license.name}${model.license.gated ? ', gated by its publisher' : ''}`,
    ],
    ['Weights', model == null ? undefined : weightsText(model)],
    ['Image', runtime?.image],
    ['Shape', shape == null ? undefined : shapeText(shape)],
    ['Machines', placement == null || target === 'local' ? undefined : machinesText(placement)],
    ['Disk', placement == null || placement.diskGiB === 0 ? undefined : `${placement.diskGiB} GiB`],
    ['Price', !admitted ? undefined : rented === 0 ? 'nothing is rented' : price(pricePerHour)],
  ];
}

function weightsText({ file, weightType }: NonNullable<Plan['model']>): string {
  if (file == null) return weightType;
  const sources = [...new Set(file.sources.map(({ type }) => type))];
  return `${file.quantisation}, ${bytes(file.bytes)}, from ${sources.join(', else ')}`;
}

function shapeText({
  workload,
  replicas,
  gpusPerPod,
  contextLength,
  parallel,
  threads,
}: NonNullable<Plan['shape']>): string {
  return [
    workload === 'Process' ? 'one process' : `${workload} of ${replicas}`,
    ...(gpusPerPod > 0 ? [`${gpusPerPod} GPU${gpusPerPod === 1 ? '' : 's'} each`] : []),
    ...(threads == null ? [] : [`${threads} thread${threads === 1 ? '' : 's'}`]),
    `${contextLength} tokens per request`,
    `${parallel} request${parallel === 1 ? '' : 's'} at once`,
  ].join(', ');
}

function machinesText({ instanceType, machinesWanted }: NonNullable<Plan['placement']>): string {
  return instanceType == null ? 'existing nodes only' : `up to ${machinesWanted} × ${instanceType}`;
}

/** The memory account as a small table with the reasons of each figure below. */
export function memoryText(memory: MemoryAccount, style: Style): string {
  const device = memory.device === 'gpu' ? 'one GPU' : 'RAM';
  const verdict =
    memory.fits == null ? 'unknown hardware' : memory.fits ? style.green('fits') : style.red("doesn't fit");
  const rows: [string, number | undefined, string][] = [
    ['weights', memory.weightsBytes, ''],
    ['+ KV cache', memory.kvCacheBytes, ''],
    ['+ overhead', memory.overheadBytes, ''],
    ['= required', memory.requiredBytes, ''],
    [`usable, ${device}`, memory.usableBytes, ''],
    ['headroom', memory.headroomBytes, verdict],
  ];
  const account = table(rows, [
    { header: '', value: ([name]) => name },
    { header: '', value: ([, figure]) => (figure == null ? 'unknown' : bytes(figure)), align: 'right' },
    { header: '', value: ([, , remark]) => remark },
  ]);
  const reasons = memory.explanation.map((line) => `${style.dim(line)}\n`).join('');
  return `${account.replace(/^\n/, '')}${reasons}`;
}

function phasesText({ phases }: Plan): string {
  return table(phases, [
    { header: 'PHASE', value: ({ phase }) => phase },
    { header: 'ABOUT', value: ({ seconds }) => (seconds == null ? 'unknown' : elapsed(seconds)), align: 'right' },
    { header: 'BECAUSE', value: ({ basis }) => basis },
  ]);
}

function decisionsText({ decisions }: Plan, style: Style): string {
  return decisions.map(({ about, choice, because }) => `${about}: ${choice} ${style.dim(`– ${because}`)}\n`).join('');
}

function alternativesText({ alternatives }: Plan): string {
  const priced = alternatives.some(({ pricePerHour }) => pricePerHour != null);
  return table(alternatives, [
    { header: 'KIND', value: ({ kind }) => kind },
    { header: 'NAME', value: ({ name }) => name },
    ...(priced
      ? [
          {
            header: 'PRICE',
            value: (row: Plan['alternatives'][number]) => price(row.pricePerHour),
            align: 'right' as const,
          },
        ]
      : []),
    { header: 'BECAUSE', value: ({ reason }) => reason },
  ]);
}
