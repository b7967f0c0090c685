import type { NodeClaim } from '@kaito/api';
import { AzureError } from '@kaito/azure';
import type { Live } from '@kaito/kube';
import { PlanError } from '../../../agent-pool/plan-error.ts';
import { reasonOf, withRemedy } from '../../../operations/failure-words.ts';
import { poolStateOf } from '../../../operations/pool-state.ts';
import type { Step } from '../lifecycle/step.ts';
import { begin } from './create.ts';
import { discard } from './discard.ts';
import { follow } from './follow.ts';
import { type Launching, notLaunched, waiting } from './launching.ts';

/**
 * Brings a claim one step nearer to its agent pool: at most one change is asked of Azure, and nothing is waited for. Where it stands is
 * written in the claim's annotations after each request; what was lost between the two, the pool itself tells by its tags.
 *
 * @throws ApiError, ConnectionError, LeadershipLostError
 */
export async function launch(claim: Live<NodeClaim>, deps: Launching): Promise<Step> {
  const name = claim.metadata.name ?? '';
  const state = poolStateOf(claim);
  try {
    if (state === undefined) return await begin(claim, deps);
    if (state.phase !== 'creating') return await discard(claim, state, deps);
    deps.queue.resume(name);
    return await follow(claim, state, deps);
  } catch (error) {
    if (error instanceof PlanError) return refused(claim, error);
    if (error instanceof AzureError) return tryAgain(claim, error, deps);
    throw error;
  }
}

/** The claim cannot be fulfilled as it is written. A class that comes or changes is heard of. */
function refused(claim: Live<NodeClaim>, { code, message, remedy }: PlanError): Step {
  const status = code === 'NodeClassNotFound' || code === 'NodeClassInvalid' ? 'Unknown' : 'False';
  return { claim, condition: notLaunched(status, code, withRemedy(message, remedy)) };
}

/** What any machine would meet: told, and tried again. A claim with no operation under way gives up its turn, as others may fare better. */
function tryAgain(claim: Live<NodeClaim>, error: AzureError, deps: Launching): Step {
  const { name = '', uid = '' } = claim.metadata;
  const state = poolStateOf(claim);
  if (error.code === 'OperationInProgress') {
    deps.queue.refused(name, error.retryAfterMs);
    deps.queue.enter(name, () => deps.wake(name));
    return waiting(claim, 'AKS is busy with another operation on its node pools');
  }
  return {
    claim,
    condition: notLaunched('Unknown', reasonOf(error.code), withRemedy(error.message, error.remedy)),
    requeueAfterMs: deps.backoff.failed(uid, error),
    inQueue: state?.phase === 'creating' || state?.operation !== undefined,
  };
}
