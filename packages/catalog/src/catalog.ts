import gguf from './data/gguf.json' with { type: 'json' };
import machines from './data/machines.json' with { type: 'json' };
import presets from './data/presets.json' with { type: 'json' };
import type { MachineType } from './machine.ts';
import type { ModelEntry } from './model.ts';

/** What exists: models by name, machine types by name. Immutable; `extendCatalog` gives a new one. */
export interface Catalog {
  readonly models: readonly ModelEntry[];
  readonly machines: readonly MachineType[];
}

const builtIn: Catalog = {
  models: [...presets, ...gguf] as unknown as readonly ModelEntry[],
  machines: machines as unknown as readonly MachineType[],
};

/** The built-in catalog. Costs nothing at run time: the data was checked against the schema by the tests. */
export function loadCatalog(): Catalog {
  return builtIn;
}

/**
 * The model of that name, else the one with that alias. Names are case-sensitive, as preset names are in KAITO; aliases (the publisher's
 * repository, KAITO v0.12's short names) are not, as they are not in v0.12.
 */
export function findModel(catalog: Catalog, name: string): ModelEntry | undefined {
  const exact = catalog.models.find((model) => model.name === name);
  if (exact) return exact;
  const alias = name.toLowerCase();
  return catalog.models.find((model) => model.aliases?.includes(alias));
}

/** The machine type of that name, whatever its case: Azure compares size names so. */
export function findMachine(catalog: Catalog, name: string): MachineType | undefined {
  const wanted = name.toLowerCase();
  return catalog.machines.find((machine) => machine.name.toLowerCase() === wanted);
}
