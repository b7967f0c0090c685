import type { Assessment } from '@kaito/diagnosis';
import { find, type LocalWorkspace, watchStatus } from '@kaito/local';
import { failure } from '../failure.ts';
import { elapsed } from '../terminal/quantity.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Style } from '../terminal/style.ts';

/** How following ended: it answers, it cannot without a person, time ran out, the person left, or it was removed. */
export type Outcome = 'ready' | 'failed' | 'timeout' | 'interrupted' | 'gone';

export interface FollowOptions {
  readonly progress: Progress;
  readonly style: Style;
  readonly signal: AbortSignal;
  /** Seconds; absent: as long as it takes. */
  readonly timeout?: number;
}

/**
 * Follows a Workspace on this machine until it answers or cannot: each condition is told as it turns, the phase at work is shown as
 * progress.
 */
export async function follow(
  namespace: string,
  name: string,
  options: FollowOptions,
): Promise<{ outcome: Outcome; workspace?: LocalWorkspace }> {
  const { progress, style, signal } = options;
  const timeout = options.timeout == null ? undefined : AbortSignal.timeout(options.timeout * 1000);
  const either = timeout == null ? signal : AbortSignal.any([signal, timeout]);
  const told = new Map<string, string>();
  try {
    for await (const assessment of watchStatus(namespace, name, { signal: either })) {
      tell(assessment, told, progress, style);
      const workspace = await find(namespace, name);
      if (workspace == null) return { outcome: 'gone' };
      if (workspace.assessment.endpoint != null) {
        tell(workspace.assessment, told, progress, style);
        return { outcome: 'ready', workspace };
      }
      if (workspace.status?.ended === 'failed') return { outcome: 'failed', workspace };
    }
  } catch (error) {
    if (!either.aborted) throw error;
  } finally {
    progress.end();
  }
  if (signal.aborted) return { outcome: 'interrupted' };
  return { outcome: timeout?.aborted === true ? 'timeout' : 'gone' };
}

/** Tells what turned since the last time; one message is not told of several things. */
function tell(assessment: Assessment, told: Map<string, string>, progress: Progress, style: Style): void {
  const turned = (what: string, state: string): boolean => {
    const before = told.get(what);
    told.set(what, state);
    return before !== state;
  };
  const anew = (message: string): boolean => turned(`message ${message}`, 'told');
  for (const { name, state, seconds, detail = '' } of assessment.phases) {
    if (!turned(`phase ${name}`, state)) continue;
    if (state === 'done')
      progress.note(`${style.green('✓')} ${name}${seconds == null ? '' : style.dim(` ${elapsed(seconds)}`)}`);
    if (state === 'failed' && anew(detail))
      progress.note(`${style.red('✗')} ${name}${detail === '' ? '' : `: ${detail}`}`);
  }
  for (const { type, status, reason, message } of assessment.conditions) {
    const first = !told.has(type);
    if (!turned(type, `${status} ${reason}`)) continue;
    if (status === 'True') progress.note(`${style.green('✓')} ${type}=True ${style.dim(`${reason}: ${message}`)}`);
    else if (!first && anew(message))
      progress.note(`${style.yellow('•')} ${type}=${status} ${style.dim(`${reason}: ${message}`)}`);
  }
  if (assessment.endpoint != null || assessment.phases.some(({ state }) => state === 'failed')) return;
  const active =
    assessment.phases.find(({ state }) => state === 'running') ??
    assessment.phases.find(({ state }) => state === 'waiting');
  if (active == null) return;
  const rest = active.detail ?? (active.expectedSeconds == null ? '…' : `about ${elapsed(active.expectedSeconds)}`);
  progress.update(active.name, `${active.name}: ${rest}`);
}

/** The Failure of an Assessment that is not ready: its root cause and remedy. */
export function causeOf(title: string, { rootCause }: Assessment): Error {
  return failure(
    rootCause?.code ?? 'NotReady',
    rootCause == null ? `${title} did not start.` : `${title}: ${rootCause.message}`,
    rootCause?.remedy ?? `See 'kaito describe ${title}' and 'kaito logs ${title}'.`,
  );
}
