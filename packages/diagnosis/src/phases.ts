import type { PhaseName, Plan } from '@kaito/planner';
import type { Phase } from './assessment.ts';
import type { Evidence, PhaseEvidence } from './evidence.ts';
import { formatBytes, formatSeconds, secondsBetween } from './measure.ts';

const order: readonly PhaseName[] = [
  'Validated',
  'NodesReady',
  'ImagePulled',
  'WeightsReady',
  'ModelLoaded',
  'Serving',
];

/** `45 % of 93.8 MiB, 12 MiB/s, 4 s left`; without a known total: `42.2 MiB, 12 MiB/s`. */
export function progressDetail(progress: NonNullable<PhaseEvidence['progress']>): string {
  const { doneBytes, totalBytes, bytesPerSecond } = progress;
  const parts: string[] = [];
  if (totalBytes !== undefined && totalBytes > 0) {
    const percent = Math.min(100, Math.max(0, Math.floor((doneBytes / totalBytes) * 100)));
    parts.push(`${percent} % of ${formatBytes(totalBytes)}`);
  } else {
    parts.push(formatBytes(doneBytes));
  }
  if (bytesPerSecond !== undefined && bytesPerSecond > 0) {
    parts.push(`${formatBytes(bytesPerSecond)}/s`);
    if (totalBytes !== undefined && totalBytes > doneBytes) {
      parts.push(`${formatSeconds((totalBytes - doneBytes) / bytesPerSecond)} left`);
    }
  }
  return parts.join(', ');
}

/**
 * The phases of the Plan, and those seen beyond it, in the order in which they happen. `Validated` follows the Plan and `Serving`
 * follows `serving`, whatever the evidence says of them; the others follow the evidence.
 */
export function describePhases(plan: Plan, evidence: Evidence, serving: boolean, now: Date): Phase[] {
  const wanted = new Set<PhaseName>([
    'Validated',
    ...plan.phases.map((estimate) => estimate.phase),
    ...evidence.phases.map((seen) => seen.phase),
  ]);
  return order.filter((name) => wanted.has(name)).map((name) => describe(name, plan, evidence, serving, now));
}

function describe(name: PhaseName, plan: Plan, evidence: Evidence, serving: boolean, now: Date): Phase {
  const seen = evidence.phases.find((candidate) => candidate.phase === name);
  const expectedSeconds = plan.phases.find((estimate) => estimate.phase === name)?.seconds;
  const state = stateOf(name, plan, seen, evidence, serving);
  const end = state === 'done' && seen?.endedAt !== undefined ? new Date(seen.endedAt) : now;
  const seconds =
    state === 'waiting' || seen?.startedAt === undefined ? undefined : secondsBetween(seen.startedAt, end);
  const detail =
    plan.target === 'cluster'
      ? lastingDetail(state, seen)
      : detailOf(name, state, seen, evidence, seconds, expectedSeconds);
  return {
    name,
    state,
    ...(state !== 'waiting' && seen?.startedAt !== undefined && { startedAt: seen.startedAt }),
    ...(seconds !== undefined && !Number.isNaN(seconds) && { seconds }),
    ...(expectedSeconds !== undefined && { expectedSeconds }),
    ...(detail !== undefined && { detail }),
  };
}

function stateOf(
  name: PhaseName,
  plan: Plan,
  seen: PhaseEvidence | undefined,
  evidence: Evidence,
  serving: boolean,
): Phase['state'] {
  if (name === 'Validated') return plan.admitted ? 'done' : 'failed';
  if (name === 'Serving' && serving) return 'done';
  if (seen?.fault?.kind === 'terminal') return 'failed';
  if (name === 'ModelLoaded' && evidence.process?.gaveUp === true) return 'failed';
  if (name === 'Serving' && plan.target === 'cluster') return seen?.startedAt === undefined ? 'waiting' : 'running';
  if (name === 'Serving')
    return seen?.startedAt === undefined || evidence.process?.pid === undefined ? 'waiting' : 'running';
  if (seen?.endedAt !== undefined) return 'done';
  return seen?.startedAt === undefined ? 'waiting' : 'running';
}

/** In a cluster a phase is told of in a status, where words that change with every look would be a write each. */
function lastingDetail(state: Phase['state'], seen: PhaseEvidence | undefined): string | undefined {
  return state === 'running' || state === 'failed' ? (seen?.fault?.message ?? seen?.detail) : undefined;
}

function detailOf(
  name: PhaseName,
  state: Phase['state'],
  seen: PhaseEvidence | undefined,
  evidence: Evidence,
  seconds: number | undefined,
  expectedSeconds: number | undefined,
): string | undefined {
  if (state === 'done') {
    if (name !== 'Serving') return undefined;
    const { endpoint, note } = evidence.process ?? {};
    return [endpoint, note].filter((part) => part !== undefined).join('; ') || undefined;
  }
  if (seen?.fault !== undefined && state !== 'waiting') {
    return seen.fault.kind === 'transient' ? `${seen.fault.message}; trying again` : seen.fault.message;
  }
  if (state !== 'running') return undefined;
  if (seen?.progress !== undefined) return progressDetail(seen.progress);
  if (seconds === undefined) return undefined;
  const expected = expectedSeconds === undefined ? '' : `, about ${formatSeconds(expectedSeconds)} expected`;
  return `for ${formatSeconds(seconds)}${expected}`;
}
