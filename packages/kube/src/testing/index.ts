export * from './manual-clock.ts';
export * from './memory-client.ts';
export * from './objects.ts';
