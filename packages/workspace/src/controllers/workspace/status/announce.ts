import { type Workspace, type WorkspaceStatus, conditionTypes as types, findCondition, isTrue } from '@kaito/api';
import { formatSeconds } from '@kaito/diagnosis';
import type { EventContent, EventRecorder } from '@kaito/kube';
import type { Live } from '../../../cache/caches.ts';

/**
 * Records an event for each turn between two statuses, once: call it after the write that made the turn. `previous` is the status before
 * that write.
 */
export function announce(
  previous: WorkspaceStatus | undefined,
  next: WorkspaceStatus,
  recorder: Pick<EventRecorder, 'record'>,
  workspace: Live<Workspace>,
): void {
  for (const content of turnsBetween(previous ?? {}, next)) recorder.record(workspace, content);
}

function normal(reason: string, message: string): EventContent {
  return { type: 'Normal', reason, message };
}

/** The events between two statuses, in the order in which things happened. */
export function turnsBetween(previous: WorkspaceStatus, next: WorkspaceStatus): EventContent[] {
  const became = (type: string): boolean => isTrue(next.conditions, type) && !isTrue(previous.conditions, type);
  const ready = next.state === 'Ready' && previous.state !== 'Ready';
  const events: EventContent[] = [];
  if (became(types.nodesReady)) {
    const nodes = next.workerNodes ?? [];
    events.push(
      normal(
        'NodesReady',
        `the nodes are ready${took(next, 'NodesReady')}${nodes.length > 0 ? `: ${nodes.join(', ')}` : ''}`,
      ),
    );
  }
  // Ready says them all.
  if (!ready) {
    for (const [name, what] of passed) {
      if (isDone(next, name) && !isDone(previous, name) && hasLength(next, name)) {
        events.push(normal(name, `${what}${took(next, name)}`));
      }
    }
  }
  if (became(types.workspaceDeleting)) events.push(normal('WorkspaceDeleting', 'the Workspace is being deleted'));
  if (became(types.updateAvailable) || became(types.managedElsewhere)) {
    const type = became(types.updateAvailable) ? types.updateAvailable : types.managedElsewhere;
    events.push(normal(type, findCondition(next.conditions, type)?.message ?? ''));
  }
  if (ready) events.push(normal('WorkspaceReady', readyMessage(next)));
  const warning = warningBetween(previous, next);
  return warning === undefined ? events : [...events, warning];
}

const passed = [
  ['ImagePulled', 'the image is pulled'],
  ['WeightsReady', 'the weights are there'],
] as const;

function warningBetween(previous: WorkspaceStatus, next: WorkspaceStatus): EventContent | undefined {
  const [was, is] = [previous.rootCause, next.rootCause];
  if (is === undefined) return undefined;
  const text = is.remedy === undefined ? is.message : `${is.message}. Remedy: ${is.remedy}`;
  if (is.needs === 'person') {
    const same = was?.needs === 'person' && was.code === is.code && was.message === is.message;
    return same ? undefined : { type: 'Warning', reason: is.code, message: text };
  }
  const lost =
    previous.state === 'Ready' && next.state !== 'Ready' && !isTrue(next.conditions, types.workspaceDeleting);
  return lost ? { type: 'Warning', reason: 'WorkspaceNotReady', message: text } : undefined;
}

function readyMessage(status: WorkspaceStatus): string {
  const where = status.endpoint === undefined ? 'it is ready' : `it answers at ${status.endpoint}`;
  const began = status.phases?.find(({ name }) => name === 'Validated')?.startedAt;
  const ended = status.phases?.find(({ name }) => name === 'Serving')?.endedAt;
  if (began === undefined || ended === undefined) return where;
  const parts = (status.phases ?? []).flatMap(({ name }) => {
    const seconds = secondsOf(status, name);
    return seconds === undefined || seconds < 1 ? [] : [`${name} ${formatSeconds(seconds)}`];
  });
  const total = formatSeconds((Date.parse(ended) - Date.parse(began)) / 1000);
  return `${where}, ${total} after it was created${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

function isDone(status: WorkspaceStatus, phase: string): boolean {
  return status.phases?.some(({ name, state }) => name === phase && state === 'done') === true;
}

function secondsOf(status: WorkspaceStatus, phase: string): number | undefined {
  const found = status.phases?.find(({ name }) => name === phase);
  if (found?.startedAt === undefined || found.endedAt === undefined) return undefined;
  return (Date.parse(found.endedAt) - Date.parse(found.startedAt)) / 1000;
}

function hasLength(status: WorkspaceStatus, phase: string): boolean {
  return (secondsOf(status, phase) ?? 0) > 0;
}

function took(status: WorkspaceStatus, phase: string): string {
  const seconds = secondsOf(status, phase);
  return seconds === undefined || seconds < 1 ? '' : ` after ${formatSeconds(seconds)}`;
}
