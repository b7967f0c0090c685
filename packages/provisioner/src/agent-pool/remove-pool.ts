import type { NodeClaim } from '@kaito/api';
import { AzureError, type Operation } from '@kaito/azure';
import type { Dependencies } from '../dependencies.ts';
import { isPoolOf } from './ownership.ts';

export interface PoolRemoval {
  readonly claim: Pick<NodeClaim, 'metadata'>;
  /** A deletion that is under way. */
  readonly operation: Operation | undefined;
  /** A pool was asked for. Otherwise there is hardly one, and no turn is waited for to find that out. */
  readonly asked: boolean;
  /** The turn to delete has come. */
  wake(): void;
}

export type Removal =
  /** There is no such pool, or one that is somebody else's. */
  | { readonly state: 'gone' }
  | { readonly state: 'queued' }
  /** The deletion was begun and did not come to its end. */
  | { readonly state: 'failed'; readonly error: AzureError }
  /** `operation` undefined: the pool itself is looked at again. */
  | { readonly state: 'running'; readonly operation: Operation | undefined; readonly retryAfterMs: number };

/** How often a pool is looked at whose deletion is not followed by an operation, ms. Our choice. */
const lookAgainMs = 5_000;

/**
 * Brings the deletion of a claim's agent pool one step on: looks once after the operation, or, where none is known, deletes the pool if it is
 * this claim's, that very one (by its etag). A cluster that is no more has no pools.
 *
 * @throws AzureError where Azure refuses or no answer came; `OperationInProgress` never: it waits in the queue
 */
export async function removePool(
  { claim, operation, asked, wake }: PoolRemoval,
  deps: Pick<Dependencies, 'agentPools' | 'queue' | 'pace' | 'logger'> & { readonly signal: AbortSignal },
): Promise<Removal> {
  const { agentPools, queue, pace, logger, signal } = deps;
  const name = claim.metadata.name ?? '';
  try {
    if (operation !== undefined) {
      queue.resume(name);
      const early = pace.dueIn(name);
      if (early > 0) return { state: 'running', operation, retryAfterMs: early };
      const seen = await agentPools.poll(operation, { signal });
      if (seen.state === 'running') return waiting(operation, seen.retryAfterMs);
      if (seen.state === 'succeeded') return { state: 'gone' };
      if (seen.state === 'failed' && seen.error.code !== 'NotFound') return { state: 'failed', error: seen.error };
    }
    if (asked && !queue.enter(name, wake)) return { state: 'queued' };
    const pool = await agentPools.get(name, { signal });
    if (pool === undefined) return { state: 'gone' };
    if (!isPoolOf(pool, claim)) {
      logger.log('info', 'an agent pool of this name is not the machine of the NodeClaim, and is left alone', {
        pool: name,
      });
      return { state: 'gone' };
    }
    if (pool.properties.provisioningState === 'Deleting') {
      return waiting(undefined, lookAgainMs);
    }
    if (!queue.enter(name, wake)) return { state: 'queued' };
    const { etag } = pool;
    const begun = await agentPools.delete(name, { signal, ...(etag !== undefined && { etag }) });
    if (begun === 'gone') return { state: 'gone' };
    logger.log('info', 'agent pool is being deleted', { pool: name });
    return waiting(begun, begun?.retryAfterMs ?? lookAgainMs);
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    if (error.code === 'ClusterNotFound') {
      logger.log('error', 'the cluster itself is not there, so neither is its agent pool', { pool: name, error });
      return { state: 'gone' };
    }
    // It was changed since it was looked at.
    if (error.code === 'PreconditionFailed') return waiting(undefined, 1_000);
    if (error.code !== 'OperationInProgress') throw error;
    queue.refused(name, error.retryAfterMs);
    queue.enter(name, wake);
    return { state: 'queued' };
  }

  function waiting(under: Operation | undefined, retryAfterMs: number): Removal {
    pace.wait(name, retryAfterMs);
    return { state: 'running', operation: under, retryAfterMs };
  }
}
