export * from './facts.ts';
export * from './plan.ts';
export { plan } from './planner.ts';
