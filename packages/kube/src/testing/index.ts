export * from './cluster.ts';
export * from './eventually.ts';
export * from './manual-clock.ts';
export * from './memory-client.ts';
export * from './objects.ts';
