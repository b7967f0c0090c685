import {
  type Catalog,
  findModel,
  formatBytes,
  type GgufModel,
  type ModelEntry,
  type Quantisation,
  suggestModel,
} from '@kaito/catalog';

import type { Notes } from './notes.ts';
import type { ModelChoice, PlanOptions } from './plan.ts';
import { optional, type Request } from './request.ts';

/** The catalog entry that will run, and which of its files. */
export interface ChosenModel {
  readonly entry: ModelEntry;
  /** Present exactly for a GGUF model. */
  readonly quantisation?: Quantisation;
  /** The image preset that the entry stands in for. */
  readonly standsInFor?: string;
}

/** Finds the preset, its quantised equivalent where that was asked for, and the quantisation. Undefined where there is no such model. */
export function chooseModel(
  request: Request,
  catalog: Catalog,
  options: PlanOptions,
  notes: Notes,
): ChosenModel | undefined {
  if (request.preset === undefined) return undefined;
  const name = request.preset.name;
  const named = findModel(catalog, name);
  if (named === undefined) {
    const near = suggestModel(catalog, name);
    notes.error(
      'UnknownPreset',
      'inference.preset.name',
      `There is no preset named "${name}" in the catalog.`,
      near === undefined
        ? 'List the presets with `kaito models`.'
        : `Did you mean "${near}"? List the presets with \`kaito models\`.`,
    );
    return undefined;
  }
  const entry = substitute(named, catalog, options, notes);
  if (entry.kind === 'image') {
    if (options.quantisation !== undefined) {
      notes.warning(
        'OptionIgnored',
        '',
        `The quantisation ${options.quantisation} is ignored: ${entry.name} has its weights in its image.`,
      );
    }
    notes.decide('model', entry.name, `the preset names it; its weights are ${entry.weightType}`);
    return { entry };
  }
  const quantisation = chooseQuantisation(entry, options, notes);
  if (quantisation === undefined) return undefined;
  notes.decide(
    'model',
    `${entry.name} ${quantisation.name}`,
    `${entry === named ? 'the preset names it' : `it stands in for ${named.name}`}; ${
      options.quantisation === undefined ? "the quantisation is the model's default" : 'the quantisation was asked for'
    } (${formatBytes(quantisation.bytes)})`,
  );
  return { entry, quantisation, ...(entry === named ? {} : { standsInFor: named.name }) };
}

/** The Plan's description of a chosen model. */
export function describeModel({ entry, quantisation }: ChosenModel): ModelChoice {
  return {
    name: entry.name,
    kind: entry.kind,
    title: entry.title,
    license: entry.license,
    weightType: quantisation?.name ?? (entry.kind === 'image' ? entry.weightType : ''),
    ...(quantisation === undefined
      ? {}
      : {
          file: {
            quantisation: quantisation.name,
            bytes: quantisation.bytes,
            sources: quantisation.sources,
            ...optional('digest', quantisation.digest),
          },
        }),
  };
}

function substitute(named: ModelEntry, catalog: Catalog, options: PlanOptions, notes: Notes): ModelEntry {
  if (options.quantisedEquivalent !== true || named.kind === 'gguf') return named;
  if (options.target === 'cluster') {
    notes.warning(
      'OptionIgnored',
      '',
      'The quantised equivalent is ignored: it is for this machine; a cluster runs the preset that the Workspace names.',
    );
    return named;
  }
  const equivalent =
    named.quantisedEquivalent === undefined ? undefined : findModel(catalog, named.quantisedEquivalent);
  if (equivalent === undefined) {
    notes.warning(
      'NoQuantisedEquivalent',
      'inference.preset.name',
      `The catalog knows no quantised equivalent of ${named.name}.`,
    );
    return named;
  }
  notes.info(
    'QuantisedEquivalent',
    'inference.preset.name',
    `${equivalent.name} runs instead of ${named.name}, as was asked: the same or nearly the same model with smaller, less exact weights.`,
  );
  return equivalent;
}

function chooseQuantisation(entry: GgufModel, options: PlanOptions, notes: Notes): Quantisation | undefined {
  const wanted = (options.quantisation ?? entry.defaultQuantisation).toLowerCase();
  const found = entry.quantisations.find((quantisation) => quantisation.name === wanted);
  if (found === undefined) {
    notes.error(
      'UnknownQuantisation',
      'inference.preset.name',
      `${entry.name} has no quantisation "${wanted}".`,
      `Choose one of ${entry.quantisations.map((quantisation) => quantisation.name).join(', ')}.`,
    );
  }
  return found;
}
