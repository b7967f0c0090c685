import type { AgentPool } from '@kaito/azure';
import { claimUIDOf, createdAtOf } from '../../../agent-pool/ownership.ts';

/** No pool younger than this is collected, ms. Our choice: a claim that was made just now may not be listed yet. */
export const leakGraceMs = 120_000;

/**
 * Pools of our making whose claim is no more. A pool without our tag is never among them, nor one whose tag does not say since when it is.
 *
 * @param claimUIDs of all NodeClaims, as the API server listed them after the pools
 */
export function leakedPools(
  pools: readonly AgentPool[],
  claimUIDs: ReadonlySet<string>,
  now: Date,
): readonly AgentPool[] {
  return pools.filter((pool) => {
    const owner = claimUIDOf(pool);
    const createdAt = createdAtOf(pool);
    if (owner === undefined || owner === '' || claimUIDs.has(owner) || createdAt === undefined) return false;
    return now.getTime() - createdAt.getTime() >= leakGraceMs && pool.properties.provisioningState !== 'Deleting';
  });
}
