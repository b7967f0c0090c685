export { assess } from './assess.ts';
export * from './assessment.ts';
export * from './evidence.ts';
export { formatBytes, formatSeconds } from './measure.ts';
export { reportsError } from './nodes.ts';
