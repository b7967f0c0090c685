import { conditionTypes, isTrue, type Workspace } from '@kaito/api';
import type { Assessment, Phase, RootCause } from '@kaito/diagnosis';
import { withFlags } from '../program/command-name.ts';

/** True when it serves, or has done its work, as it is specified now: a status of an earlier generation does not count. */
export function isReady({ metadata, status }: Workspace): boolean {
  if (status?.observedGeneration != null && status.observedGeneration < (metadata.generation ?? 0)) return false;
  return (
    isTrue(status?.conditions, conditionTypes.workspaceReady) ||
    isTrue(status?.conditions, conditionTypes.workspaceSucceeded)
  );
}

/** How its operator judges it, from its status. `now` in ms; `flags` name the cluster in the commands of its remedies. */
export function standingOf(workspace: Workspace, now: number, flags: string): Assessment {
  const { state = 'Pending', conditions = [], phases = [], rootCause, endpoint } = workspace.status ?? {};
  return {
    state,
    conditions,
    phases: phases.map((phase) => {
      const { name, state: at, startedAt, endedAt, expectedSeconds, detail } = phase;
      const seconds = secondsBetween(startedAt, at === 'running' ? new Date(now).toISOString() : endedAt);
      return {
        name: name as Phase['name'],
        state: at,
        ...(startedAt == null ? {} : { startedAt }),
        ...(seconds == null ? {} : { seconds }),
        ...(expectedSeconds == null ? {} : { expectedSeconds }),
        ...(detail == null ? {} : { detail }),
      };
    }),
    ...(rootCause == null ? {} : { rootCause: { ...rootCause, ...remedyOf(rootCause, flags) } as RootCause }),
    ...(endpoint == null ? {} : { endpoint }),
  };
}

function remedyOf({ remedy }: { readonly remedy?: string }, flags: string): { readonly remedy?: string } {
  return remedy == null ? {} : { remedy: withFlags(remedy, flags) };
}

function secondsBetween(from: string | undefined, to: string | undefined): number | undefined {
  if (from == null || to == null) return undefined;
  const length = (Date.parse(to) - Date.parse(from)) / 1000;
  return Number.isNaN(length) ? undefined : Math.max(0, length);
}
