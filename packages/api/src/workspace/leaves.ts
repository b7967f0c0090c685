import type { StructuralSchema } from '../structural/schema.ts';

/** A field without fields of its own: maps with free keys and embedded objects are leaves too. */
export interface Leaf {
  /** e.g. `inference.adapters[].source.name`. */
  readonly field: string;
  readonly schema: StructuralSchema;
}

/** The leaves of a schema, in its order. Lists of plain values are leaves; lists of objects are walked, as `[]`. */
export function leaves(schema: StructuralSchema, field = ''): Leaf[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, child]) =>
      leaves(child, field === '' ? name : `${field}.${name}`),
    );
  }
  if (schema.items?.properties !== undefined) return leaves(schema.items, `${field}[]`);
  return [{ field, schema }];
}
