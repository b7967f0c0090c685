export * from './assessment.ts';
export * from './evidence.ts';
