import type { Workspace } from '../workspace.ts';

/** The Workspace in the other version, as conversion strategy None does it: only apiVersion differs, nothing is lost. */
export function convert(workspace: Workspace, version: Workspace['apiVersion']): Workspace {
  return { ...workspace, apiVersion: version };
}
