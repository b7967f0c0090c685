import type { NodeClaim } from '@kaito/api';
import type { AgentPool, AzureError } from '@kaito/azure';
import type { Live } from '@kaito/kube';
import { reasonOf, sentence } from '../../../operations/failure-words.ts';
import type { LaunchFailure } from '../../../operations/pool-state.ts';
import { candidateName } from '../../../requirements/candidate.ts';
import type { Step } from '../lifecycle/step.ts';
import { exhausted, untried } from './choose-way.ts';
import { discard } from './discard.ts';
import { type Way, waysOf } from './intent.ts';
import { type Launching, notLaunched } from './launching.ts';
import { noteFailures } from './notes.ts';

/** A way as failures are noted under. */
type WayName = Pick<Way, 'name' | 'hash'>;

export function failureOf({ name, hash }: WayName, error: AzureError): LaunchFailure {
  const { code, message, remedy, retry } = error;
  return {
    candidate: name,
    body: hash,
    reason: reasonOf(code),
    retry: retry === 'never' ? 'never' : 'later',
    message: sentence(message),
    remedy,
  };
}

/**
 * Notes that ways failed. The pool of one that is there is taken away before the next way is tried; where none is left, there is a pause.
 *
 * @throws AzureError, ApiError
 */
export async function failWays(
  claim: Live<NodeClaim>,
  failures: readonly LaunchFailure[],
  poolIsThere: boolean,
  deps: Launching,
): Promise<Step> {
  for (const { candidate, reason, message, retry } of failures) {
    deps.logger.log('warn', 'a machine cannot be had', { machine: candidate, reason, message, retry });
  }
  const noted = await noteFailures(claim, failures, poolIsThere ? { phase: 'discarding' } : undefined, deps);
  const ways = waysOf(noted, await deps.subnets.get(deps.signal), deps);
  const isLast = untried(noted, ways).length === 0;
  const pauseMs = isLast ? deps.backoff.failed(claim.metadata.uid ?? '', { retry: 'later' }) : 0;
  if (poolIsThere) return await discard(noted, undefined, deps);
  if (isLast) return exhausted(noted, ways, pauseMs);
  const { candidate, reason } = failures[0]!;
  const message = sentence(`${candidate} cannot be had (${reason}); the next machine is tried`);
  return { claim: noted, condition: notLaunched('Unknown', 'TryingNext', message), requeueAfterMs: 0, inQueue: true };
}

/** The way by which a pool was made, as far as its properties tell. */
export async function wayOfPool(claim: Live<NodeClaim>, pool: AgentPool, deps: Launching): Promise<WayName> {
  const { vmSize = '', availabilityZones, scaleSetPriority } = pool.properties;
  const zone = availabilityZones?.[0];
  const name = candidateName({ vmSize, spot: scaleSetPriority === 'Spot', ...(zone !== undefined && { zone }) });
  const ways = waysOf(claim, await deps.subnets.get(deps.signal), deps);
  return ways.find((way) => way.name.toLowerCase() === name.toLowerCase()) ?? { name, hash: '' };
}
