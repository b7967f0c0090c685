import { type NodeClaim, timestamp } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { Dependencies } from '../../../dependencies.ts';
import {
  failuresAnnotation,
  failuresOf,
  type LaunchFailure,
  type PoolState,
  poolStateAnnotation,
  poolStateOf,
} from '../../../operations/pool-state.ts';
import { patchMetadata } from '../lifecycle/write-claim.ts';

type Noting = Pick<Dependencies, 'client' | 'caches' | 'clock'>;

/** A phase begins, or goes on with other facts; undefined: nothing is under way. `since` of a phase that goes on is kept. */
export async function noteState(
  claim: Live<NodeClaim>,
  state: Omit<PoolState, 'since'> | undefined,
  deps: Noting,
  began?: Date,
): Promise<Live<NodeClaim>> {
  return await patchMetadata(claim, { annotations: { [poolStateAnnotation]: text(claim, state, deps, began) } }, deps);
}

/** Failures, in the place of those of the same way, and what is under way after them, in one write. */
export async function noteFailures(
  claim: Live<NodeClaim>,
  failures: readonly LaunchFailure[],
  state: Omit<PoolState, 'since'> | undefined,
  deps: Noting,
): Promise<Live<NodeClaim>> {
  const others = failuresOf(claim).filter(({ candidate }) => failures.every((each) => each.candidate !== candidate));
  const annotations = {
    [failuresAnnotation]: JSON.stringify([...others, ...failures]),
    [poolStateAnnotation]: text(claim, state, deps),
  };
  return await patchMetadata(claim, { annotations }, deps);
}

/** Failures that may pass are forgotten: every such way is tried once more. */
export async function forgetPassing(claim: Live<NodeClaim>, deps: Noting): Promise<Live<NodeClaim>> {
  const lasting = failuresOf(claim).filter(({ retry }) => retry === 'never');
  const annotation = lasting.length === 0 ? null : JSON.stringify(lasting);
  return await patchMetadata(claim, { annotations: { [failuresAnnotation]: annotation } }, deps);
}

function text(
  claim: Live<NodeClaim>,
  state: Omit<PoolState, 'since'> | undefined,
  { clock }: Noting,
  began: Date = clock.now(),
): string | null {
  if (state === undefined) return null;
  const before = poolStateOf(claim);
  const since = before?.phase === state.phase ? before.since : timestamp(began);
  return JSON.stringify({ ...state, since });
}
