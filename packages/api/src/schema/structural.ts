import { z } from 'zod';
import type { StructuralSchema } from '../structural/schema.ts';

type JsonSchema = Record<string, unknown>;

const kept = [
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

/** zod's bounds of `z.int()`; they say nothing, and the API server has no use for them. */
const isSafeBound = (value: unknown): boolean => Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;

/**
 * The structural form of a zod schema. Understands what the schemas of this package use: strict and loose objects, records, arrays,
 * strings, integers, booleans, enums, literals, and integer-or-string unions.
 *
 * @throws Error on a construct that has no structural form.
 */
export function toStructural(schema: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0', reused: 'inline' }) as JsonSchema, '');
}

function convert(source: JsonSchema, path: string): StructuralSchema {
  if (source['x-kubernetes-int-or-string'] === true) {
    return {
      ...(source['description'] === undefined ? {} : { description: String(source['description']) }),
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      pattern: String(source['pattern']),
      'x-kubernetes-int-or-string': true,
    };
  }
  if (typeof source['type'] !== 'string') throw new Error(`${path || 'the schema'} has no single type`);
  const target: Record<string, unknown> = {};
  for (const keyword of kept) {
    const value = source[keyword];
    if (value === undefined || ((keyword === 'minimum' || keyword === 'maximum') && isSafeBound(value))) continue;
    target[keyword] = value;
  }
  if (source['type'] === 'array') target['items'] = convert(source['items'] as JsonSchema, `${path}[]`);
  if (source['type'] === 'object') Object.assign(target, convertObject(source, path));
  return target;
}

function convertObject(source: JsonSchema, path: string): StructuralSchema {
  const properties = Object.entries((source['properties'] ?? {}) as Record<string, JsonSchema>);
  const additional = source['additionalProperties'];
  const target: StructuralSchema = {};
  if (properties.length > 0) {
    target.properties = Object.fromEntries(
      properties.map(([name, child]) => [name, convert(child, path === '' ? name : `${path}.${name}`)]),
    );
    if (Array.isArray(source['required'])) target.required = source['required'] as string[];
  }
  if (typeof additional === 'object' && additional !== null) {
    if (Object.keys(additional).length === 0) target['x-kubernetes-preserve-unknown-fields'] = true;
    else target.additionalProperties = convert(additional as JsonSchema, `${path}.*`);
  }
  return target;
}
