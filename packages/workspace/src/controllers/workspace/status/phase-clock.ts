import type { ContainerEvidence, PhaseEvidence, PodEvidence, WorkloadEvidence } from '@kaito/diagnosis';
import type { PhaseName, Plan } from '@kaito/planner';

/** What the clock is read from. Times are RFC 3339 in UTC with whole seconds, which sort as text. */
export interface ClockInput {
  readonly plan: Plan;
  readonly createdAt?: string;
  /** When machines were asked for, and when the last node was Ready. */
  readonly nodesRequestedAt?: string;
  readonly nodesReadyAt?: string;
  readonly nodesReady: boolean;
  readonly workload?: WorkloadEvidence;
  readonly pods: readonly PodEvidence[];
}

/** The names of the init containers that fetch the weights and the adapters. */
const fetches = /^(?:weights|adapter-\d+)$/;

/**
 * The phases of a Workspace in a cluster, all from times that the cluster keeps, so that an operator that starts anew shows the same clock. A
 * phase of several pods begins with the first and ends with the last of those wanted.
 */
export function phaseClock(input: ClockInput): PhaseEvidence[] {
  const { plan, workload, createdAt } = input;
  const phases: PhaseEvidence[] = [phase('Validated', createdAt, plan.admitted ? createdAt : undefined)];
  const requested = input.nodesRequestedAt ?? createdAt;
  const ready = input.nodesReady
    ? latest([requested, input.nodesReadyAt ?? requested, workload?.createdAt], 1)
    : undefined;
  if (plan.admitted) phases.push(phase('NodesReady', requested, ready));
  if (workload?.createdAt === undefined) return phases;

  const pods = chosen(input.pods, workload.wantedReplicas);
  const wanted = Math.max(1, workload.wantedReplicas);
  const imageBegan = earliest(pods.map((pod) => pod.scheduledAt)) ?? workload.createdAt;
  const imageEnded = latest(
    pods.map((pod) => earliest(pod.containers.map(({ startedAt }) => startedAt))),
    wanted,
  );
  phases.push(phase('ImagePulled', imageBegan, imageEnded));
  const mainBegan = earliest(pods.flatMap((pod) => mains(pod).map(({ startedAt }) => startedAt)));
  const served = latest(
    pods.map(({ readyAt }) => readyAt),
    wanted,
  );
  if (plan.runtime?.kind !== 'template') {
    const weights = weightsPhase(pods, wanted, imageEnded);
    phases.push(weights, phase('ModelLoaded', mainBegan ?? weights.endedAt, served));
    phases.push(phase('Serving', served, served));
  } else {
    phases.push(phase('Serving', mainBegan, served));
  }
  return phases;
}

/** The weights lie in the image, unless an init container fetches them. */
function weightsPhase(pods: readonly PodEvidence[], wanted: number, imageEnded: string | undefined): PhaseEvidence {
  const fetching = pods.map((pod) => pod.containers.filter(({ init, name }) => init && fetches.test(name)));
  if (fetching.every((containers) => containers.length === 0)) return phase('WeightsReady', imageEnded, imageEnded);
  const began = earliest(fetching.flat().map(({ startedAt }) => startedAt));
  const ends = fetching.map((containers) =>
    latest(
      containers.map(({ exitCode, finishedAt }) => (exitCode === 0 ? finishedAt : undefined)),
      containers.length,
    ),
  );
  return phase('WeightsReady', began, latest(ends, wanted));
}

function rank(pod: PodEvidence): number {
  return (pod.current === false ? 2 : 0) + (pod.ready ? 0 : 1);
}

/** The pods that count: not leaving, of the newest template first, ready ones first, no more than are wanted. */
function chosen(pods: readonly PodEvidence[], wanted: number): readonly PodEvidence[] {
  return pods
    .filter(({ deleting, phase: seen }) => !deleting && seen !== 'Failed')
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, Math.max(1, wanted));
}

function mains(pod: PodEvidence): readonly ContainerEvidence[] {
  return pod.containers.filter(({ init }) => !init);
}

function phase(name: PhaseName, startedAt: string | undefined, endedAt: string | undefined): PhaseEvidence {
  return {
    phase: name,
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
  };
}

function earliest(times: readonly (string | undefined)[]): string | undefined {
  let found: string | undefined;
  for (const time of times) if (time !== undefined && (found === undefined || time < found)) found = time;
  return found;
}

/** The last of the times, once there are as many as are wanted. */
function latest(times: readonly (string | undefined)[], wanted: number): string | undefined {
  const known = times.filter((time) => time !== undefined).toSorted();
  return known.length < wanted ? undefined : known.at(-1);
}
