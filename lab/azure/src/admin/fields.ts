import { adminInvalid } from '../errors/admin-errors.ts';
import type { Json, JsonObject } from '../store/store.ts';

type Kind = 'string' | 'number' | 'boolean' | 'object' | 'pattern';

/** Checks the fields of a call's body: all are known, each is of its kind. @throws ArmError that names the first that is not */
export function checkFields(body: JsonObject, kinds: Readonly<Record<string, Kind>>): void {
  for (const [name, value] of Object.entries(body)) {
    const kind = kinds[name];
    if (kind === undefined) throw adminInvalid(`'${name}' is unknown; known are ${Object.keys(kinds).join(', ')}`);
    if (!isOf(kind, value))
      throw adminInvalid(`'${name}' must be ${kind === 'pattern' ? 'a regular expression' : `a ${kind}`}`);
  }
}

/** A text that must be there. @throws ArmError */
export function neededText(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw adminInvalid(`'${name}' is needed`);
  return value;
}

function isOf(kind: Kind, value: Json | undefined): boolean {
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value) && value >= 0;
  if (kind !== 'pattern') return typeof value === kind;
  try {
    return typeof value === 'string' && new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}
