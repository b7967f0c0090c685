import type { NodeClaim } from '@kaito/api';
import { type EventContent, isConflict, isNotFound, type Live } from '@kaito/kube';
import { nodeClaims } from '../../../cache/resources.ts';
import type { Dependencies } from '../../../dependencies.ts';

/**
 * Deletes a claim that has come to nothing, this very one, and says why; its finalizer takes the machine away. Whoever asked for it asks for
 * another. Karpenter ends such claims in the same way.
 *
 * @throws ApiError
 */
export async function endClaim(
  claim: Live<NodeClaim>,
  why: EventContent,
  {
    client,
    caches,
    recorder,
    metrics,
    logger,
  }: Pick<Dependencies, 'client' | 'caches' | 'recorder' | 'metrics' | 'logger'>,
): Promise<void> {
  const { name = '', uid = '' } = claim.metadata;
  try {
    const answer = await client.delete(nodeClaims, { name }, { preconditions: { uid } });
    if (answer.kind === 'NodeClaim') caches.nodeClaims.remember(answer as Live<NodeClaim>);
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return;
    throw error;
  }
  recorder.record(claim, why);
  metrics.claimDisrupted(why.reason);
  logger.log('info', 'NodeClaim deleted', { nodeClaim: name, reason: why.reason, message: why.message });
}
