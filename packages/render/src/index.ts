export * from './rendered.ts';
