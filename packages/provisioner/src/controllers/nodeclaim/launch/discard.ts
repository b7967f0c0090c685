import type { NodeClaim } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { PoolState } from '../../../operations/pool-state.ts';
import { removePool } from '../../../agent-pool/remove-pool.ts';
import type { Step } from '../lifecycle/step.ts';
import { discarding, type Launching, waiting } from './launching.ts';
import { noteState } from './notes.ts';

/**
 * Takes away the pool of a launch that failed. The turn at pool operations is kept for the next way.
 *
 * @throws AzureError, ApiError
 */
export async function discard(claim: Live<NodeClaim>, state: PoolState | undefined, deps: Launching): Promise<Step> {
  const name = claim.metadata.name ?? '';
  const removal = await removePool(
    { claim, operation: state?.operation, asked: true, wake: () => deps.wake(name) },
    deps,
  );
  if (removal.state === 'queued') return waiting(claim, 'AKS changes few node pools at once');
  if (removal.state === 'failed') {
    await noteState(claim, { phase: 'discarding' }, deps);
    throw removal.error;
  }
  if (removal.state === 'running') {
    const { operation } = removal;
    const noted = await noteState(claim, { phase: 'discarding', ...(operation && { operation }) }, deps);
    return discarding(noted, removal.retryAfterMs);
  }
  return { ...discarding(await noteState(claim, undefined, deps)), requeueAfterMs: 0 };
}
