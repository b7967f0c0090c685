import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import type { Path } from '../path.ts';
import { describeValue } from './describe.ts';
import type { StructuralSchema } from './schema.ts';

/** A violation of the schema, before it is put in words for its kind of object. */
export type Violation =
  | { readonly code: 'UnknownField'; readonly path: Path; readonly siblings: readonly string[] }
  | { readonly code: 'MissingField'; readonly path: Path; readonly schema: StructuralSchema }
  | { readonly code: 'InvalidType'; readonly path: Path; readonly expected: string; readonly value: unknown }
  | { readonly code: 'InvalidValue'; readonly path: Path; readonly demand: string; readonly value: unknown };

/**
 * Every way in which a value differs from its structural schema; the API server would refuse the same values (it prunes unknown
 * fields where this reports them). A null field of `metadata` counts as absent, as it does there.
 */
export function check(schema: StructuralSchema, value: unknown): Violation[] {
  const found: Violation[] = [];
  visit(schema, value, [], found);
  return found;
}

function visit(schema: StructuralSchema, value: unknown, path: Path, found: Violation[]): void {
  if (value === null && path[0] === 'metadata' && path.length === 2) return;
  const expected = expectation(schema);
  if (!hasType(schema, value)) {
    found.push({ code: 'InvalidType', path, expected, value });
    return;
  }
  if (Array.isArray(value)) return visitList(schema, value, path, found);
  if (typeof value === 'object' && value !== null) {
    return visitMap(schema, value as Record<string, unknown>, path, found);
  }
  const demand = typeof value === 'string' ? stringDemand(schema, value) : numberDemand(schema, value);
  if (demand !== undefined) found.push({ code: 'InvalidValue', path, demand, value });
}

function visitList(schema: StructuralSchema, list: unknown[], path: Path, found: Violation[]): void {
  const { minItems = 0, maxItems = Infinity } = schema;
  if (list.length < minItems || list.length > maxItems) {
    const demand = list.length > maxItems ? `have at most ${maxItems} items` : `have at least ${minItems} items`;
    found.push({ code: 'InvalidValue', path, demand, value: list });
    return;
  }
  if (schema.items === undefined) return;
  for (const [index, item] of list.entries()) visit(schema.items, item, [...path, index], found);
}

function visitMap(schema: StructuralSchema, map: Record<string, unknown>, path: Path, found: Violation[]): void {
  const properties = schema.properties ?? {};
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(map, name))
      found.push({ code: 'MissingField', path: [...path, name], schema: properties[name]! });
  }
  const keys = Object.keys(map);
  if (schema.maxProperties !== undefined && keys.length > schema.maxProperties) {
    found.push({ code: 'InvalidValue', path, demand: `have at most ${schema.maxProperties} entries`, value: map });
    return;
  }
  for (const key of keys) {
    const declared = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const child = declared ?? schema.additionalProperties;
    if (map[key] === undefined && schema.additionalProperties === undefined) continue;
    if (child !== undefined) visit(child, map[key], [...path, key], found);
    else if (!open) found.push({ code: 'UnknownField', path: [...path, key], siblings: Object.keys(properties) });
  }
}

function hasType(schema: StructuralSchema, value: unknown): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value === 'string' || Number.isSafeInteger(value);
  switch (schema.type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return Number.isFinite(value);
    default:
      return typeof value === schema.type;
  }
}

function expectation(schema: StructuralSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'an integer or a string';
  if (schema.type === 'object') return 'a map';
  if (schema.type === 'array') return 'a list';
  return schema.type === 'integer' ? 'an integer' : `a ${schema.type}`;
}

function stringDemand(schema: StructuralSchema, value: string): string | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(value)) return `be ${schema.enum.join(' or ')}`;
  // The API server counts code points, not UTF-16 units.
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength) return 'not be empty';
  if (schema.maxLength !== undefined && length > schema.maxLength) return `have at most ${schema.maxLength} characters`;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) return `match ${schema.pattern}`;
  return undefined;
}

function numberDemand(schema: StructuralSchema, value: unknown): string | undefined {
  if (typeof value !== 'number') return undefined;
  if (schema.minimum !== undefined && value < schema.minimum) return `be at least ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `be at most ${schema.maximum}`;
  return undefined;
}

/** Where else in the schema a field of this name lies; status, which nobody writes by hand, left out. */
export function placesOf(schema: StructuralSchema, name: string): string[] {
  const places: string[] = [];
  const walk = (node: StructuralSchema, path: string): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      if (path === '' && (key === 'status' || key === 'metadata')) continue;
      const place = path === '' ? key : `${path}.${key}`;
      if (key === name) places.push(place);
      walk(child, place);
    }
    if (node.items !== undefined) walk(node.items, `${path}[]`);
  };
  walk(schema, '');
  return places;
}

/** Puts a violation of the type, the value or the presence of a field in words. */
export function explain(violation: Exclude<Violation, { code: 'UnknownField' }>): Finding {
  const path = formatPath(violation.path);
  const subject = path === '' ? 'The object' : path;
  const base = { code: violation.code, severity: 'error', path } as const;
  switch (violation.code) {
    case 'MissingField': {
      const about = violation.schema.description ?? '';
      return { ...base, message: `${subject} is missing.`, remedy: `Add ${subject}. ${about}`.trim() };
    }
    case 'InvalidType': {
      const remedy = typeRemedy(violation);
      return {
        ...base,
        message: `${subject} must be ${violation.expected}, but is ${describeValue(violation.value)}.`,
        ...(remedy === undefined ? {} : { remedy }),
      };
    }
    case 'InvalidValue':
      return {
        ...base,
        message: `${subject} must ${violation.demand}, but is ${describeValue(violation.value)}.`,
        remedy: `Change ${subject}.`,
      };
  }
}

function typeRemedy({ path, expected, value }: Extract<Violation, { code: 'InvalidType' }>): string | undefined {
  const key = typeof path.at(-1) === 'string' ? `${path.at(-1)}: ` : '- ';
  if (value == null) return 'Give it a value or remove it.';
  if (expected === 'a string') {
    if (typeof value === 'boolean' || typeof value === 'number') return 'Put it in quotes, as you wrote it.';
    const name = (value as { name?: unknown }).name;
    if (typeof name === 'string' && Object.keys(value as object).length === 1)
      return `Write the name itself: ${key}${name}.`;
  }
  if (expected === 'an integer' && typeof value === 'string' && /^-?\d+$/.test(value)) {
    return `Write it without quotes: ${key}${value}.`;
  }
  if (expected === 'a list' && typeof value === 'string')
    return `Write it as a list: ${key}[${JSON.stringify(value)}].`;
  return undefined;
}
