export { nodeClaimSchema } from './node-claim.ts';
export { nodeClassSchema } from './node-class.ts';
export { toStructural } from './structural.ts';
export { workspaceSchema } from './workspace.ts';
