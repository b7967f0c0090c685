import type { Finding } from '@kaito/api';
import type { Catalog } from './catalog.ts';
import type { MachineType, Price } from './machine.ts';
import type { ModelEntry } from './model.ts';

/** What a catalog file adds: models and machine types, and prices of machine types by name. */
export interface CatalogExtension {
  readonly models: readonly ModelEntry[];
  readonly machines: readonly MachineType[];
  readonly prices: readonly (Price & { readonly machine: string })[];
  /** Where it came from, for findings. */
  readonly file?: string;
}

export interface ExtendedCatalog {
  readonly catalog: Catalog;
  /** `CatalogOverride` (info) for each entry that replaces one; `UnknownMachineType` (warning) for a price of a machine type that is nowhere. */
  readonly findings: readonly Finding[];
}

const lowerCase = (name: string): string => name.toLowerCase();
const asIs = (name: string): string => name;

/** `current` with `added` over it by name; entries that the extension adds come last, sorted by name, so that its order says nothing. */
function merged<Entry extends { readonly name: string }>(
  current: readonly Entry[],
  added: readonly Entry[],
  keyOf: (name: string) => string,
): { entries: readonly Entry[]; replaced: readonly string[] } {
  const additions = new Map(added.map((entry) => [keyOf(entry.name), entry]));
  const replaced: string[] = [];
  const entries = current.map((entry) => {
    const key = keyOf(entry.name);
    const replacement = additions.get(key);
    if (!replacement) return entry;
    additions.delete(key);
    replaced.push(entry.name);
    return replacement;
  });
  return { entries: [...entries, ...[...additions.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))], replaced };
}

/**
 * The catalog with an extension over it: the extension wins by name (machine types whatever their case), prices are set last, on built-in
 * and added machine types alike. The order of entries in the extension makes no difference; of two entries with one name, which
 * `parseCatalogExtension` refuses, the last counts.
 */
export function extendCatalog(catalog: Catalog, extension: CatalogExtension): ExtendedCatalog {
  const place = extension.file === undefined ? {} : { file: extension.file };
  const models = merged(catalog.models, extension.models, asIs);
  const machines = merged(catalog.machines, extension.machines, lowerCase);
  const prices = new Map(extension.prices.map((price) => [lowerCase(price.machine), price]));
  const priced = machines.entries.map((entry) => {
    const found = prices.get(lowerCase(entry.name));
    if (!found) return entry;
    prices.delete(lowerCase(entry.name));
    const { machine: _, ...price } = found;
    return { ...entry, price };
  });
  const replaced = [...models.replaced, ...machines.replaced].map((name): Finding => ({
    code: 'CatalogOverride',
    severity: 'info',
    message: `The catalog's own entry "${name}" is replaced.`,
    ...place,
  }));
  const unknown = [...prices.values()].map(({ machine }): Finding => ({
    code: 'UnknownMachineType',
    severity: 'warning',
    message: `There is a price for "${machine}", but no machine type of that name.`,
    remedy: 'Mend the name, or describe the machine type under machines.',
    ...place,
  }));
  return { catalog: { models: models.entries, machines: priced }, findings: [...replaced, ...unknown] };
}
