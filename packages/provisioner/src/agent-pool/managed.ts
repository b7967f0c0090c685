import { type NodeClaim, ragEngineLabel, workspaceLabel } from '@kaito/api';

/**
 * Whether a NodeClaim is this provisioner's to fulfil: its class is a KaitoNodeClass, or it carries a label of KAITO, whatever its value.
 * The rule of the Go gpu-provisioner.
 */
export function isManaged(claim: Pick<NodeClaim, 'metadata' | 'spec'>): boolean {
  const { labels } = claim.metadata;
  return hasKaitoClass(claim) || labels?.[workspaceLabel] !== undefined || labels?.[ragEngineLabel] !== undefined;
}

/** Its class is one of ours; others' classes say nothing to us. */
export function hasKaitoClass({ spec: { nodeClassRef } }: Pick<NodeClaim, 'spec'>): boolean {
  return nodeClassRef.group === 'kaito.sh' && nodeClassRef.kind === 'KaitoNodeClass';
}
