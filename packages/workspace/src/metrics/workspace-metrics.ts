import { type Workspace, conditionTypes, findCondition } from '@kaito/api';
import type { Informer } from '@kaito/kube';
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Live } from '../cache/caches.ts';

/** KAITO v0.12's words for `phase`; there a Workspace that merely starts counts as an error, here only one that a person must mend. */
const phases = ['succeeded', 'error', 'pending', 'deleting'] as const;

/** From an instant node to the rental of several machines with a large image, seconds. */
const secondsToReady = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600];

/**
 * Registers KAITO's metrics of Workspaces. The gauges are counted from the cache when they are asked for; the time to Ready is taken when a
 * Workspace turns Ready for the first time. Returns the way to stop looking.
 */
export function registerWorkspaceMetrics(
  register: Registry,
  workspaces: Pick<Informer<Live<Workspace>>, 'list' | 'onChange'>,
): () => void {
  const gauge = (
    name: string,
    help: string,
    label: string,
    labelOf: (workspace: Live<Workspace>) => string | undefined,
    always: readonly string[] = [],
  ): void => {
    register.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers: [],
        collect() {
          const counts = count(workspaces.list(), labelOf, always);
          this.reset();
          for (const [value, number] of counts) this.labels(value).set(number);
        },
      }),
    );
  };
  gauge(
    'kaito_workspace_count',
    'Number of Workspaces by phase: succeeded, error (a person must act), pending, deleting',
    'phase',
    phaseOf,
    phases,
  );
  gauge('kaito_workspace_preset_count', 'Number of Workspaces by preset', 'preset_name', presetOf);
  gauge(
    'kaito_workspace_root_cause',
    'Number of Workspaces that are not Ready, by the code of the root cause',
    'code',
    causeOf,
  );
  const toReady = new Histogram({
    name: 'kaito_workspace_time_to_ready_seconds',
    help: 'Seconds from the creation of a Workspace until it was Ready for the first time',
    buckets: secondsToReady,
    registers: [register],
  });
  return workspaces.onChange((change) => {
    if (change.type !== 'updated') return;
    const seconds = secondsUntilReady(change.previous, change.object);
    if (seconds !== undefined) toReady.observe(seconds);
  });
}

/** Seconds that it took, when this change made the Workspace Ready for the first time: one that was Ready is never Pending again. */
function secondsUntilReady(previous: Live<Workspace>, next: Live<Workspace>): number | undefined {
  const before = previous.status?.state ?? 'Pending';
  if (before !== 'Pending' || next.status?.state !== 'Ready') return undefined;
  const ready = findCondition(next.status.conditions, conditionTypes.workspaceReady)?.lastTransitionTime;
  const seconds = (Date.parse(ready ?? '') - Date.parse(next.metadata.creationTimestamp ?? '')) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function phaseOf({ metadata, status }: Live<Workspace>): (typeof phases)[number] {
  if (metadata.deletionTimestamp !== undefined) return 'deleting';
  if (status?.state === 'Ready') return 'succeeded';
  return status?.rootCause?.needs === 'person' ? 'error' : 'pending';
}

function causeOf({ status }: Live<Workspace>): string | undefined {
  return status?.rootCause?.code;
}

function presetOf({ inference }: Live<Workspace>): string | undefined {
  return inference?.preset?.name;
}

/** How many there are under each label; those of `always` are counted even where there are none. */
function count(
  workspaces: readonly Live<Workspace>[],
  labelOf: (workspace: Live<Workspace>) => string | undefined,
  always: readonly string[],
): ReadonlyMap<string, number> {
  const counts = new Map(always.map((label) => [label, 0]));
  for (const workspace of workspaces) {
    const label = labelOf(workspace);
    if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}
