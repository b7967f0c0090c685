import { invalidFilter } from '../errors/request-errors.ts';

/** Reads `$filter`s of the form `name eq 'value' and …`, the only one that resource lists are asked with. @throws ArmError */
export function readEquals(filter: string, names: readonly string[]): Map<string, string> {
  const wanted = new Map<string, string>();
  if (filter.trim() === '') return wanted;
  const term = /^\s*\(?\s*([A-Za-z/]+)\s+eq\s+'((?:[^']|'')*)'\s*\)?\s*$/i;
  // A quoted value may hold the word itself.
  for (const part of filter.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i)) {
    const match = term.exec(part);
    const name = names.find((each) => each.toLowerCase() === match?.[1]?.toLowerCase());
    if (match === null || name === undefined || wanted.has(name)) throw invalidFilter(filter);
    wanted.set(name, match[2]!.replaceAll("''", "'"));
  }
  return wanted;
}
