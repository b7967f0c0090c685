import { type Workspace, workspaceLabel } from '@kaito/api';
import type { Decided } from './decided.ts';
import type { RenderedObject } from './rendered.ts';

/** Metadata of an object that belongs to the Workspace and goes with it. */
export function ownedMetadata(plan: Decided, workspace: Workspace, name: string): RenderedObject['metadata'] {
  const { uid } = workspace.metadata;
  return {
    name,
    namespace: plan.workspace.namespace,
    labels: { [workspaceLabel]: plan.workspace.name },
    ...(uid !== undefined && {
      ownerReferences: [
        {
          apiVersion: workspace.apiVersion,
          kind: workspace.kind,
          name: plan.workspace.name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    }),
  };
}
