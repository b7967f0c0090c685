import type { AdmissionHandler } from '@kaito/kube';
import { webhookPaths } from './configuration.ts';
import { nodeClassHandler } from './node-class-handler.ts';
import { workspaceHandler } from './workspace-handler.ts';
import type { WorkspaceHandlerOptions } from './workspace-handler.ts';

/** Everything the operator's webhook server answers, by path. */
export function webhookHandlers(options: WorkspaceHandlerOptions): Readonly<Record<string, AdmissionHandler>> {
  return { [webhookPaths.workspace]: workspaceHandler(options), [webhookPaths.nodeClass]: nodeClassHandler };
}
