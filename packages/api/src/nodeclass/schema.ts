import type { StructuralSchema } from '../structural/schema.ts';
import schema from '../generated/node-class.schema.json' with { type: 'json' };

/** The structural schema of a KaitoNodeClass, generated from `schema/node-class.ts`. */
export const nodeClassStructure = schema as unknown as StructuralSchema;
