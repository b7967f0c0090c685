import type { Workspace } from '@kaito/api';
import type { PodEvidence } from '@kaito/diagnosis';
import type { Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';
import { announce } from './announce.ts';
import { type Sighting, gather } from './gather.ts';
import { sameStatus, tellAfterMs } from './same-status.ts';
import { statusOf } from './status-of.ts';
import { type Subject, needsEvents, workloadNeedsEvents } from './warnings.ts';
import { writeStatus } from './write-status.ts';

export interface Published {
  /** As it is after the write, if there was one; undefined when it is gone. */
  readonly workspace: Live<Workspace> | undefined;
  /** When to look again although nothing changes. */
  readonly requeueAfterMs?: number;
}

/** Events come without a watch: a pod that hangs is asked about again after so many milliseconds. */
const hangingMs = 60_000;

type Warnings = NonNullable<PodEvidence['warnings']>;
type PublishDependencies = Pick<Dependencies, 'client' | 'caches' | 'recorder' | 'clock'> & {
  /** From `createWarnings`. */
  readonly warnings: (subject: Subject, signal?: AbortSignal) => Promise<Warnings>;
};

/**
 * The end of every reconcile: gathers what there is to see, judges it, writes the status where it differs, and records the turns as events. Asks for
 * events only about what hangs without saying why.
 *
 * @throws ApiError, ConnectionError when the status cannot be written.
 */
export async function publish(
  deps: PublishDependencies,
  seen: Omit<Sighting, 'caches' | 'warnings'>,
  revision?: string,
  signal?: AbortSignal,
): Promise<Published> {
  const now = deps.clock.now();
  const workspace = newest(deps, seen.workspace);
  const sighting: Sighting = { ...seen, workspace, caches: deps.caches };
  let evidence = gather(sighting);
  const silent = silentSubjects(deps, workspace, evidence, now);
  if (silent.length > 0) {
    const warnings = new Map<string, Warnings>();
    for (const subject of silent) warnings.set(subject.name, await deps.warnings(subject, signal));
    evidence = gather({ ...sighting, warnings });
  }
  const hanging = silent.length > 0 ? hangingMs : undefined;
  const { plan, nodes } = seen;
  const { status, lookAgainAfterMs } = statusOf({
    workspace,
    plan,
    evidence,
    now,
    ...(revision !== undefined && { revision }),
    ...(nodes !== undefined && { nodes }),
  });
  if (sameStatus(workspace.status, status)) return { workspace, ...wait(lookAgainAfterMs, hanging) };
  const tellAfter = tellAfterMs(workspace.status, status, now);
  if (tellAfter > 0) return { workspace, ...wait(lookAgainAfterMs, tellAfter) };
  const written = await writeStatus(deps, workspace, status);
  if (written !== undefined) announce(workspace.status, status, deps.recorder, written);
  return { workspace: written, ...wait(lookAgainAfterMs, hanging) };
}

/** The Workspace as this process last wrote it during the reconcile, so that the next write meets no conflict. */
function newest({ caches }: Pick<Dependencies, 'caches'>, workspace: Live<Workspace>): Live<Workspace> {
  const { namespace = '', name = '', uid, generation } = workspace.metadata;
  const cached = caches.workspaces.get({ namespace, name });
  return cached?.metadata.uid === uid && cached?.metadata.generation === generation ? (cached ?? workspace) : workspace;
}

function wait(...times: readonly (number | undefined)[]): { readonly requeueAfterMs?: number } {
  const known = times.filter((ms) => ms !== undefined);
  return known.length === 0 ? {} : { requeueAfterMs: Math.min(...known) };
}

/** At most three pods and the workload: one word is enough. */
function silentSubjects(
  { caches }: Pick<Dependencies, 'caches'>,
  workspace: Live<Workspace>,
  evidence: ReturnType<typeof gather>,
  now: Date,
): Subject[] {
  const namespace = workspace.metadata.namespace ?? '';
  const { pods = [], workload } = evidence;
  const subjects: Subject[] = [];
  for (const { name } of pods.filter((pod) => needsEvents(pod, now)).slice(0, 3)) {
    const uid = caches.pods.get({ namespace, name })?.metadata.uid;
    if (uid !== undefined) subjects.push({ namespace, name, uid });
  }
  if (workload !== undefined && workloadNeedsEvents(workload, now)) {
    const cache = workload.kind === 'StatefulSet' ? caches.statefulSets : caches.deployments;
    const uid = cache.get({ namespace, name: workload.name })?.metadata.uid;
    if (uid !== undefined) subjects.push({ namespace, name: workload.name, uid });
  }
  return subjects;
}
