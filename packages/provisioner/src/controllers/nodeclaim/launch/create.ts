import type { NodeClaim } from '@kaito/api';
import { AzureError } from '@kaito/azure';
import type { Live } from '@kaito/kube';
import { triesNextWay } from '../../../operations/failure-words.ts';
import { becomes, type Step } from '../lifecycle/step.ts';
import { failuresOf } from '../../../operations/pool-state.ts';
import { bestOf, exhausted, untried } from './choose-way.ts';
import { failureOf, failWays } from './fail-way.ts';
import { observe } from './follow.ts';
import { type Way, waysOf } from './intent.ts';
import { creating, type Launching, lookAgainMs, notLaunched, waiting } from './launching.ts';
import { forgetPassing, noteState } from './notes.ts';

/**
 * Nothing is under way, as far as the claim knows: the next way to get its machine is tried when its turn comes.
 *
 * @throws PlanError, AzureError, ApiError
 */
export async function begin(claim: Live<NodeClaim>, deps: Launching): Promise<Step> {
  const { backoff, queue, subnets, signal, preflight } = deps;
  const { name = '', uid = '' } = claim.metadata;
  // A claim that cannot be fulfilled asks nothing of Azure.
  waysOf(claim, {}, deps);
  const pause = backoff.dueIn(uid);
  const pausing = pause !== undefined && pause > 0;
  const paused = { claim, condition: asItWas(claim), ...(pausing && { requeueAfterMs: pause }) };
  if (pausing && failuresOf(claim).length === 0) return paused;
  const ways = waysOf(claim, await subnets.get(signal), deps);
  let asked = claim;
  if (untried(claim, ways).length === 0) {
    const step = exhausted(claim, ways, pause ?? backoff.failed(uid, { retry: 'later' }));
    if (step.requeueAfterMs !== 0) return step;
    asked = await forgetPassing(claim, deps);
  } else if (pausing) return paused;
  if (!queue.enter(name, () => deps.wake(name))) {
    return waiting(asked, `AKS changes few node pools at once, and ${queue.running} are under way`);
  }
  const way = await bestOf(untried(asked, ways), deps);
  if (preflight?.unknown !== undefined) {
    const { message, remedy } = preflight.unknown;
    deps.recorder.record(asked, { type: 'Normal', reason: 'QuotaUnknown', message: `${message}. Remedy: ${remedy}` });
  }
  return await create(asked, way, deps);
}

/** The condition as it stands: what it says has not changed. */
function asItWas({ status }: Live<NodeClaim>) {
  const found = status?.conditions?.find(({ type }) => type === 'Launched');
  return found === undefined
    ? notLaunched('Unknown', 'PoolOperationQueued', 'waits to try again')
    : becomes(found.type, found.status, found.reason, found.message);
}

async function create(claim: Live<NodeClaim>, way: Way, deps: Launching): Promise<Step> {
  const { agentPools, signal, logger } = deps;
  const name = claim.metadata.name ?? '';
  try {
    const { pool, operation } = await agentPools.create(name, way.body, { signal });
    logger.log('info', 'agent pool asked for', { machine: way.name });
    if (operation === undefined) return await observe(claim, pool, deps);
    const state = { phase: 'creating', operation, way: { name: way.name, hash: way.hash } } as const;
    const waitMs = operation.retryAfterMs ?? lookAgainMs;
    deps.pace.wait(name, waitMs);
    return creating(await noteState(claim, state, deps), way.name, waitMs);
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    if (error.code === 'PreconditionFailed') {
      // Ours, of a request whose answer was lost, or somebody else's.
      const pool = await agentPools.get(name, { signal });
      return pool === undefined ? waitingToTryAgain(claim) : await observe(claim, pool, deps);
    }
    if (!triesNextWay(error)) throw error;
    return await failWays(claim, [failureOf(way, error)], false, deps);
  }
}

/** The pool that was in the way is gone between two looks. */
function waitingToTryAgain(claim: Live<NodeClaim>): Step {
  return { ...waiting(claim, 'an agent pool of its name has just gone'), requeueAfterMs: 0 };
}
