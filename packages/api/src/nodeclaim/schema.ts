import type { StructuralSchema } from '../structural/schema.ts';
import schema from '../generated/node-claim.schema.json' with { type: 'json' };

/** The structural schema of a NodeClaim, generated from `schema/node-claim.ts`. */
export const nodeClaimStructure = schema as unknown as StructuralSchema;
