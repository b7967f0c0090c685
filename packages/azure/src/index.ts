export * from './agent-pools/agent-pools.ts';
export * from './cloud.ts';
export * from './compute/compute.ts';
export * from './credentials/credential.ts';
export * from './errors/azure-error.ts';
