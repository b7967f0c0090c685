import { type WorkspaceStatus, conditionTypes, isTrue } from '@kaito/api';
import { mergePatch } from '@kaito/kube';

/** True when writing `next` over `previous` would change nothing. */
export function sameStatus(previous: WorkspaceStatus | undefined, next: WorkspaceStatus): boolean {
  return mergePatch(previous ?? {}, next) === undefined;
}

/** A stage that is over sooner than this is never told of, in milliseconds: each telling is a write. */
const briefMs = 2000;

/** Conditions whose turn is news at once. */
const turns = [
  conditionTypes.workspaceReady,
  conditionTypes.workspaceDeleting,
  conditionTypes.updateAvailable,
  conditionTypes.managedElsewhere,
] as const;

/**
 * Milliseconds for which a status that tells of mere progress may wait, since the stage may be over in a moment; 0 for what people and programs
 * wait for: the first word, Ready and its end, a cause that a person must mend (or that was mended), the names of machines, an edit that
 * was taken in. The age of the stage that runs decides, not when something was written: an operator that starts anew decides alike.
 */
export function tellAfterMs(previous: WorkspaceStatus | undefined, next: WorkspaceStatus, now: Date): number {
  if (previous?.conditions === undefined || isUrgent(previous, next)) return 0;
  const began = next.phases?.find(({ state }) => state === 'running')?.startedAt;
  if (began === undefined) return 0;
  const age = now.getTime() - Date.parse(began);
  return age >= 0 && age < briefMs ? briefMs - age : 0;
}

function isUrgent(previous: WorkspaceStatus, next: WorkspaceStatus): boolean {
  const [was, is] = [previous.rootCause, next.rootCause];
  return (
    previous.state !== next.state ||
    previous.endpoint !== next.endpoint ||
    previous.observedGeneration !== next.observedGeneration ||
    previous.plan?.revision !== next.plan?.revision ||
    mergePatch({ nodeClaims: previous.nodeClaims }, { nodeClaims: next.nodeClaims }) !== undefined ||
    was?.needs !== is?.needs ||
    (is?.needs === 'person' && (was?.code !== is.code || was.message !== is.message)) ||
    turns.some((type) => isTrue(previous.conditions, type) !== isTrue(next.conditions, type))
  );
}
