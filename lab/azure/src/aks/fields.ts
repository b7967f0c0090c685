import type { Json, JsonObject } from '../store/store.ts';
import { unknownField, wrongType } from './errors.ts';

type Kind = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'strings' | 'objects';

const fits: Readonly<Record<Kind, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  object: isObject,
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  objects: (value) => Array.isArray(value) && value.every(isObject),
};

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under `name`, or an empty one. */
export function objectAt(of: JsonObject, name: string): JsonObject {
  const value = of[name];
  return isObject(value) ? value : {};
}

/**
 * What a caller set: fields with a value, where empty text counts as none, as the Azure CLI sends it for what it leaves to AKS.
 *
 * @throws ArmError for a field that `known` does not have, or of another type
 */
export function readFields(of: JsonObject, known: Readonly<Record<string, Kind>>): JsonObject {
  const set: Record<string, Json> = {};
  for (const [name, value] of Object.entries(of)) {
    const kind = known[name];
    if (kind === undefined) throw unknownField(name);
    if (value === undefined || value === null || value === '') continue;
    if (!fits[kind](value)) throw wrongType(name, kind);
    set[name] = value;
  }
  return set;
}

export type { Kind };
