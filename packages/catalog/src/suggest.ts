import { editDistance } from '@kaito/api/suggestion';
import type { Catalog } from './catalog.ts';

/** Longest name that is compared; longer input cannot be a slip of the pen for a catalog name. */
const longestName = 128;

function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length === 0 || name.length > longestName) return undefined;
  const wanted = name.toLowerCase();
  const begun = candidates.filter((candidate) => candidate.toLowerCase().startsWith(wanted)).toSorted();
  if (begun[0] && wanted.length >= 3) return begun[0];
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate) }))
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(wanted.length / 3)) ? best.candidate : undefined;
}

/**
 * The model name that `name` most likely meant, case apart: the first that begins with it, else the nearest of those that differ in at most
 * a third of its characters (or two); undefined where there is none.
 */
export function suggestModel(catalog: Catalog, name: string): string | undefined {
  return nearest(
    name,
    catalog.models.map((model) => model.name),
  );
}

/** The machine type that `name` most likely meant; the same rule as `suggestModel`. */
export function suggestMachine(catalog: Catalog, name: string): string | undefined {
  return nearest(
    name,
    catalog.machines.map((machine) => machine.name),
  );
}
