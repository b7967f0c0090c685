import type { NodeClaim } from '@kaito/api';
import { timestamp } from '@kaito/api';

/**
 * Azure tags that say whose an agent pool is. A tag name may hold none of `<>%&\?/`, so the usual slash is an underscore, as in Karpenter's:
 * https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations.
 */
export const ownershipTags = {
  /** UID of the NodeClaim: the owner. */
  claimUID: 'kaito.sh_nodeclaim-uid',
  /** Name of the NodeClaim, for people. */
  claim: 'kaito.sh_nodeclaim',
  /** When the pool was asked for, RFC 3339. */
  createdAt: 'kaito.sh_created-at',
} as const;

export function tagsFor(claim: Pick<NodeClaim, 'metadata'>, now: Date): Readonly<Record<string, string>> {
  return {
    [ownershipTags.claimUID]: claim.metadata.uid ?? '',
    [ownershipTags.claim]: claim.metadata.name ?? '',
    [ownershipTags.createdAt]: timestamp(now),
  };
}
