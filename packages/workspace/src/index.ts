export type { Caches, Live } from './cache/caches.ts';
export type { Dependencies } from './controllers/workspace/dependencies.ts';
export type { NodesOutcome, ReleaseOutcome } from './controllers/workspace/nodes/outcome.ts';
export * from './options.ts';
export * from './webhook/configuration.ts';
export { webhookHandlers } from './webhook/handlers.ts';
export type { WorkspaceHandlerOptions } from './webhook/workspace-handler.ts';
