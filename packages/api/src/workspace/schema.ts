import type { StructuralSchema } from '../structural/schema.ts';
import schema from '../generated/workspace.schema.json' with { type: 'json' };

/** The structural schema of a Workspace, both versions, generated from `schema/workspace.ts`. */
export const workspaceStructure = schema as unknown as StructuralSchema;
