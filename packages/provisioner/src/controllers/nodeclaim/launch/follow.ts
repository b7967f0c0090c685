import type { NodeClaim } from '@kaito/api';
import { type AgentPool, AzureError } from '@kaito/azure';
import type { Live } from '@kaito/kube';
import { createdAtOf, isPoolOf } from '../../../agent-pool/ownership.ts';
import type { LaunchFailure, PoolState } from '../../../operations/pool-state.ts';
import { poolStateOf } from '../../../operations/pool-state.ts';
import type { Step } from '../lifecycle/step.ts';
import { failureOf, failWays, wayOfPool } from './fail-way.ts';
import { waysOf } from './intent.ts';
import { creating, discarding, type Launching, lookAgainMs } from './launching.ts';
import { launched } from './launched.ts';
import { noteState } from './notes.ts';

/**
 * Looks once after a creation that is under way.
 *
 * @throws AzureError, ApiError
 */
export async function follow(claim: Live<NodeClaim>, state: PoolState, deps: Launching): Promise<Step> {
  const { agentPools, clock, options, pace, signal } = deps;
  const name = claim.metadata.name ?? '';
  const machine = state.way?.name ?? 'as it was asked for';
  const tooLong = clock.now().getTime() - Date.parse(state.since) > options.timeouts.launchMs;
  const early = pace.dueIn(name);
  if (early > 0 && !tooLong) return creating(claim, machine, early);
  const seen = state.operation === undefined ? undefined : await agentPools.poll(state.operation, { signal });
  if (seen?.state === 'running' && !tooLong) {
    pace.wait(name, seen.retryAfterMs);
    return creating(claim, machine, seen.retryAfterMs);
  }
  const pool = await agentPools.get(name, { signal });
  if (seen?.state === 'failed' && (pool === undefined || isPoolOf(pool, claim))) {
    const way = state.way ?? (pool && (await wayOfPool(claim, pool, deps))) ?? { name: 'its machine', hash: '' };
    return await failWays(claim, [failureOf(way, seen.error)], pool !== undefined, deps);
  }
  if (pool !== undefined) return await observe(claim, pool, deps, tooLong);
  // Made, and taken away by somebody, or never made: the next look begins anew.
  return creating(await noteState(claim, undefined, deps), 'once more', 0);
}

/**
 * Decides by the pool itself what has become of a launch.
 *
 * @throws AzureError, ApiError
 */
export async function observe(
  claim: Live<NodeClaim>,
  pool: AgentPool,
  deps: Launching,
  tooLong = false,
): Promise<Step> {
  const { cluster, timeouts } = deps.options;
  const { name } = pool;
  if (!isPoolOf(pool, claim)) return await taken(claim, deps);
  const state = pool.properties.provisioningState ?? '';
  const failed = async (error: AzureError): Promise<Step> =>
    await failWays(claim, [failureOf(await wayOfPool(claim, pool, deps), error)], true, deps);
  if (state === 'Succeeded') return await launched(claim, pool, deps);
  if (state === 'Failed' || state === 'Canceled') {
    const where = `-g ${cluster.resourceGroup} --cluster-name ${cluster.name} -n ${name}`;
    return await failed(
      new AzureError('OperationFailed', {
        message: `agent pool ${name} was made and its machine did not come up: its state is ${state}`,
        remedy: `nothing need be done, it is tried again; az aks nodepool show ${where} tells more`,
        retry: 'later',
      }),
    );
  }
  if (state === 'Deleting') return discarding(await noteState(claim, { phase: 'discarding' }, deps));
  if (tooLong) {
    return await failed(
      new AzureError('TimedOut', {
        message: `agent pool ${name} is still ${state || 'being created'} after ${Math.round(timeouts.launchMs / 60_000)} min`,
        remedy: 'nothing need be done: it is taken away and tried again; --launch-timeout says after how long',
        retry: 'later',
      }),
    );
  }
  const noted = await noteState(claim, { ...withoutSince(claim), phase: 'creating' }, deps, createdAtOf(pool));
  deps.pace.wait(name, lookAgainMs);
  return creating(noted, pool.properties.vmSize ?? '', lookAgainMs);
}

function withoutSince(claim: Live<NodeClaim>): Partial<Omit<PoolState, 'since'>> {
  const state = poolStateOf(claim);
  if (state?.phase !== 'creating') return {};
  const { since: _, ...rest } = state;
  return rest;
}

/** Somebody else's pool has the name. It is never touched, and no way is tried again before the claim's class is another. */
async function taken(claim: Live<NodeClaim>, deps: Launching): Promise<Step> {
  const name = claim.metadata.name ?? '';
  const ways = waysOf(claim, await deps.subnets.get(deps.signal), deps);
  const failures = ways.map((way): LaunchFailure => ({
    candidate: way.name,
    body: way.hash,
    reason: 'PoolNameTaken',
    retry: 'never',
    message: `the cluster has an agent pool ${name} that was not made for this NodeClaim, and it is left alone`,
    remedy: `delete the NodeClaim (kubectl delete nodeclaim ${name}), or make one of another name`,
  }));
  return await failWays(claim, failures, false, deps);
}
