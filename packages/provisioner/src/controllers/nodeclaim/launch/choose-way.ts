import type { NodeClaim } from '@kaito/api';
import type { Live } from '@kaito/kube';
import { withRemedy } from '../../../operations/failure-words.ts';
import { failuresOf, type LaunchFailure } from '../../../operations/pool-state.ts';
import type { Step } from '../lifecycle/step.ts';
import type { Way } from './intent.ts';
import { type Launching, notLaunched } from './launching.ts';

/** The ways that have not failed, in order. */
export function untried(claim: Live<NodeClaim>, ways: readonly Way[]): readonly Way[] {
  return ways.filter((way) => failureOf(claim, way) === undefined);
}

function failureOf(claim: Live<NodeClaim>, { name, hash }: Way): LaunchFailure | undefined {
  return failuresOf(claim).find(({ candidate, body }) => candidate === name && body === hash);
}

/**
 * The way to try next: the first of which nothing bad is known beforehand, else the first. What is known beforehand may be old, so it decides
 * the order alone.
 */
export async function bestOf(ways: readonly Way[], { preflight, signal }: Launching): Promise<Way> {
  const outlooks = await preflight?.look(
    ways.map(({ candidate }) => candidate),
    signal,
  );
  return ways.find((_, at) => outlooks?.[at]?.outlook !== 'poor') ?? ways[0]!;
}

/** Every way has failed. Where one may come right, all such are tried again after a pause; otherwise the claim stays without a machine. */
export function exhausted(claim: Live<NodeClaim>, ways: readonly Way[], pauseMs: number): Step {
  const failures = ways.flatMap((way) => failureOf(claim, way) ?? []);
  const passing = failures.filter(({ retry }) => retry !== 'never');
  const shown = passing[0] ?? failures[0]!;
  const others = failures.filter((each) => each !== shown).map(({ candidate, reason }) => `${candidate}: ${reason}`);
  const also = others.length === 0 ? '' : `; nor can others be had: ${others.join(', ')}`;
  const message = withRemedy(`${shown.candidate}: ${shown.message}${also}`, shown.remedy);
  return passing.length === 0
    ? { claim, condition: notLaunched('False', shown.reason, message) }
    : { claim, condition: notLaunched('Unknown', shown.reason, message), requeueAfterMs: pauseMs };
}
