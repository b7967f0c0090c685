export * from './finding.ts';
export * from './workspace.ts';
