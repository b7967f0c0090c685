export type { Caches, Live } from './cache/caches.ts';
export type { Dependencies } from './controllers/workspace/dependencies.ts';
export type { NodesOutcome, ReleaseOutcome } from './controllers/workspace/nodes/outcome.ts';
export * from './options.ts';
