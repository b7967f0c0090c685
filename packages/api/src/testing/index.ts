export { workspaceArbitrary } from './workspace-arbitrary.ts';
