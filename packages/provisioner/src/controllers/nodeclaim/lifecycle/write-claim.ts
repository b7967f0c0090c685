import type { NodeClaim, NodeClaimStatus } from '@kaito/api';
import { type Live, mergePatch } from '@kaito/kube';
import { nodeClaims } from '../../../cache/resources.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { fieldManager } from '../../../options.ts';

type Writing = Pick<Dependencies, 'client' | 'caches'>;

/** Labels and annotations to set; null removes one. */
export interface MetadataChange {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

/**
 * Changes labels and annotations of this very claim, one of its name with another UID not. No request where nothing changes.
 *
 * @throws ApiError, ConnectionError
 */
export async function patchMetadata(
  claim: Live<NodeClaim>,
  change: MetadataChange,
  { client, caches }: Writing,
): Promise<Live<NodeClaim>> {
  const { name = '', uid, labels, annotations } = claim.metadata;
  const before = { labels: labels ?? {}, annotations: annotations ?? {} };
  const after = {
    labels: { ...labels, ...change.labels },
    annotations: { ...annotations, ...change.annotations },
  };
  const patch = mergePatch(before, after);
  if (patch === undefined) return claim;
  const body = { metadata: { uid, ...(patch as object) } };
  const written = await client.patch(nodeClaims, { name }, { type: 'merge', body }, { fieldManager });
  caches.nodeClaims.remember(written);
  return written;
}

/**
 * Writes a claim's status where it differs. A list can only be merged as a whole, so the patch carries the resourceVersion.
 *
 * @throws ApiError Conflict where the claim was changed meanwhile; ConnectionError
 */
export async function writeStatus(
  claim: Live<NodeClaim>,
  status: NodeClaimStatus,
  { client, caches }: Writing,
): Promise<Live<NodeClaim>> {
  const patch = mergePatch(claim.status ?? {}, status);
  if (patch === undefined) return claim;
  const { name = '', resourceVersion } = claim.metadata;
  const body = { metadata: { resourceVersion }, status: patch };
  const options = { subresource: 'status', fieldManager } as const;
  const written = await client.patch(nodeClaims, { name }, { type: 'merge', body }, options);
  caches.nodeClaims.remember(written);
  return written;
}
