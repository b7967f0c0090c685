export * from './cluster.ts';
export * from './eventually.ts';
export * from './kubelet-stub.ts';
export * from './manual-clock.ts';
export * from './memory-client.ts';
export * from './objects.ts';
export * from './stub-server.ts';
