import { type Catalog, findModel, type ModelEntry } from '@kaito/catalog';
import { plan } from '@kaito/planner';
import { exitCode, type ExitCode } from '../failure.ts';
import { type Format, isData, writeData } from '../output.ts';
import { catalogWith, factsOfThisMachine, planOptions } from '../plan/planning.ts';
import { type Session, thisMachine } from '../session.ts';
import { bytes, parameters } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import { type Column, fields, table } from '../terminal/table.ts';
import { presetWorkspace, unknownPreset } from '../workspace/manifest.ts';

interface Options {
  readonly catalog?: readonly string[];
  readonly output?: Format;
}

/** Whether a model runs on this machine: itself, only as its quantised equivalent, or not. */
type Fit = 'yes' | 'quantised' | 'no';

interface Row {
  readonly model: ModelEntry;
  readonly fit: Fit;
}

/** `kaito models`: the catalog's models and whether they fit this machine; or one of them. */
export async function models(
  { terminal, now }: Session,
  name: string | undefined,
  options: Options,
): Promise<ExitCode> {
  const catalog = await catalogWith(options.catalog, terminal);
  const wanted = name == null ? catalog.models : [findModel(catalog, name)];
  if (wanted[0] == null && name != null) throw unknownPreset(catalog, name);
  const facts = await factsOfThisMachine(now());
  const rows = wanted
    .filter((model) => model != null)
    .map((model): Row => ({ model, fit: fitOf(catalog, model, facts) }));
  const [first] = rows;
  if (isData(options.output)) {
    const data = rows.map(({ model, fit }) => ({ ...model, fitsThisMachine: fit }));
    await writeData(terminal, options.output, name == null ? data : data[0]);
  } else if (options.output === 'name') {
    terminal.out(rows.map(({ model }) => `${model.name}\n`).join(''));
  } else if (name != null && first != null) {
    terminal.out(modelText(first, terminal.outStyle));
  } else {
    terminal.out(table(rows, columns(options.output === 'wide', terminal.outStyle)));
    terminal.err(`FITS HERE says whether it runs ${thisMachine}; quantised: with kaito up --quantised.\n`);
  }
  return exitCode.done;
}

function fitOf(catalog: Catalog, model: ModelEntry, facts: Parameters<typeof plan>[2]): Fit {
  const workspace = presetWorkspace(catalog, model.name);
  if (plan(workspace, catalog, facts, planOptions('local', {})).admitted) return 'yes';
  if (model.kind === 'image' && model.quantisedEquivalent != null) {
    if (plan(workspace, catalog, facts, planOptions('local', { quantised: true })).admitted) return 'quantised';
  }
  return 'no';
}

function columns(wide: boolean, style: Style): Column<Row>[] {
  const fitted = ({ fit }: Row) =>
    fit === 'no' ? style.dim(fit) : fit === 'yes' ? style.green(fit) : style.yellow(fit);
  const all: Column<Row>[] = [
    { header: 'NAME', value: ({ model }) => model.name },
    { header: 'PARAMETERS', value: ({ model }) => parameters(model.architecture.parameters), align: 'right' },
    { header: 'CONTEXT', value: ({ model }) => String(model.architecture.contextLength), align: 'right' },
    { header: 'WEIGHTS', value: ({ model }) => (model.kind === 'gguf' ? model.defaultQuantisation : model.weightType) },
    { header: 'SIZE', value: ({ model }) => sizeOf(model), align: 'right' },
    { header: 'LICENCE', value: ({ model }) => `${model.license.name}${model.license.gated ? ' (gated)' : ''}` },
    { header: 'FITS HERE', value: fitted },
  ];
  if (wide) {
    all.push(
      { header: 'KIND', value: ({ model }) => model.kind },
      {
        header: 'QUANTISATIONS',
        value: ({ model }) => (model.kind === 'gguf' ? model.quantisations.map(({ name }) => name).join(',') : ''),
      },
      { header: 'TITLE', value: ({ model }) => model.title },
    );
  }
  return all;
}

function sizeOf(model: ModelEntry): string {
  if (model.kind === 'image') return `${model.diskGiB} GiB disk`;
  const file = model.quantisations.find(({ name }) => name === model.defaultQuantisation);
  return file == null ? '' : bytes(file.bytes);
}

function modelText({ model, fit }: Row, style: Style): string {
  const { architecture, license, provenance } = model;
  const attention =
    architecture.kvHeads === architecture.attentionHeads ? 'MHA' : architecture.kvHeads === 1 ? 'MQA' : 'GQA';
  const head = fields([
    ['Name', style.bold(model.name)],
    ['Title', model.title],
    ['Family', model.family],
    [
      'Licence',
      `${license.name}${license.gated ? ', gated by its publisher' : ''}${license.url == null ? '' : ` ${license.url}`}`,
    ],
    ['Parameters', parameters(architecture.parameters)],
    ['Context', `${architecture.contextLength} tokens`],
    [
      'Layers',
      `${architecture.layers}, ${architecture.mla == null ? attention : 'MLA'} with ${architecture.attentionHeads} heads, ${architecture.kvHeads} for keys and values`,
    ],
    ['Fits here', fit === 'quantised' ? 'as its quantised equivalent (--quantised)' : fit],
    ...specific(model),
    ['Source', `${provenance.source}${provenance.asOf == null ? '' : `, as of ${provenance.asOf}`}`],
  ]);
  if (model.kind !== 'gguf') return head;
  const files = table(model.quantisations, [
    { header: 'QUANTISATION', value: ({ name }) => (name === model.defaultQuantisation ? `${name} (default)` : name) },
    { header: 'SIZE', value: (file) => bytes(file.bytes), align: 'right' },
    { header: 'DIGEST', value: ({ digest }) => digest ?? '<unknown>' },
    { header: 'SOURCES', value: ({ sources }) => sources.map(({ type }) => type).join(',') },
  ]);
  return `${head}\n${files}`;
}

function specific(model: ModelEntry): [string, string | undefined][] {
  if (model.kind === 'gguf') return [['Chat template', model.chat ? 'yes' : 'no']];
  const each = model.gpuMemoryPerGpuGiB > 0 ? `, ${model.gpuMemoryPerGpuGiB} GiB each` : '';
  return [
    [
      'Image',
      model.image == null
        ? 'private: name yours in presetOptions.image'
        : `${model.image.repository}:${model.image.tag}`,
    ],
    ['GPUs', `${model.gpuCount}; by the preset's own figures ${model.gpuMemoryTotalGiB} GiB in total${each}`],
    ['Disk', `${model.diskGiB} GiB`],
    ['Workload', model.workload],
    ['Equivalent', model.quantisedEquivalent],
  ];
}
