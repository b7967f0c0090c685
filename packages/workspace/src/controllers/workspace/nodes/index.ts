export { ensureNodes, type EnsureNodes } from './ensure-nodes.ts';
export { NodeLedger } from './ledger.ts';
export type { NodesOutcome, ReleaseOutcome } from './outcome.ts';
export { releaseNodes } from './release-nodes.ts';
export {
  waitersForNodesOf,
  waitersForProvisioner,
  waitersForRoomOf,
  workspaceOfNodeClaim,
  workspacesWantingNode,
} from './sources.ts';
