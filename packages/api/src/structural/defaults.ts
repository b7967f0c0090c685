import type { StructuralSchema } from './schema.ts';

/**
 * A copy of `value` with the schema's defaults filled in, as the API server does it: a default applies where its parent object is
 * present and the field is absent. Everything else, unknown fields too, is kept; the input is not changed. Keys keep their order.
 */
export function applyDefaults<T>(schema: StructuralSchema, value: T): T {
  return fill(schema, value) as T;
}

function fill(schema: StructuralSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    return schema.items === undefined ? value : value.map((item) => fill(schema.items!, item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const childSchema = own(schema.properties, key) ?? schema.additionalProperties;
    set(filled, key, childSchema === undefined ? child : fill(childSchema, child));
  }
  for (const [key, childSchema] of Object.entries(schema.properties ?? {})) {
    if (childSchema.default !== undefined && !Object.hasOwn(filled, key))
      filled[key] = structuredClone(childSchema.default);
  }
  return filled;
}

function own(properties: Record<string, StructuralSchema> | undefined, key: string): StructuralSchema | undefined {
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** Assigns also the key `__proto__` as a plain property. */
function set(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
