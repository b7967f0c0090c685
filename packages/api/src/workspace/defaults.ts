import { applyDefaults } from '../structural/defaults.ts';
import type { Workspace } from '../workspace.ts';
import { workspaceStructure } from './schema.ts';

/**
 * A copy with the defaults that the API server fills in: `resource.count` 1, a preset's `accessMode` public, an adapter's `strength`
 * "1.0". There is none for instanceType: empty rents nothing. All other fields, unknown ones too, are kept; the input is not changed.
 */
export function withDefaults(workspace: Workspace): Workspace {
  return applyDefaults(workspaceStructure, workspace);
}
