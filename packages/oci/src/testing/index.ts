export * from './debian.ts';
export * from './registry-process.ts';
export * from './registry-stub.ts';
export * from './stub-server.ts';
export * from './writable-registry.ts';
