export * from './registry-stub.ts';
export * from './stub-server.ts';
