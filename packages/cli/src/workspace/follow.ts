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

function tell(assessment: Assessment, told: Map<string, string>, progress: Progress, style: Style): void {
  for (const phase of assessment.phases) {
    const before = told.get(`phase ${phase.name}`);
    told.set(`phase ${phase.name}`, phase.state);
    if (before === phase.state) continue;
    if (phase.state === 'done') {
      progress.note(
        `${style.green('✓')} ${phase.name}${phase.seconds == null ? '' : style.dim(` ${elapsed(phase.seconds)}`)}`,
      );
    } else if (phase.state === 'failed') {
      progress.note(`${style.red('✗')} ${phase.name}${phase.detail == null ? '' : `: ${phase.detail}`}`);
    }
  }
  for (const { type, status, reason, message } of assessment.conditions) {
    const state = `${status} ${reason}`;
    const before = told.get(type);
    told.set(type, state);
    if (before === state || (before == null && status !== 'True')) continue;
    const mark = status === 'True' ? style.green('✓') : style.yellow('•');
    progress.note(`${mark} ${type}=${status} ${style.dim(`${reason}: ${message}`)}`);
  }
  const active =
    assessment.phases.find(({ state }) => state === 'running') ??
    assessment.phases.find(({ state }) => state === 'waiting');
  if (active != null && assessment.endpoint == null) {
    const rest = active.detail ?? (active.expectedSeconds == null ? '' : `about ${elapsed(active.expectedSeconds)}`);
    progress.update(active.name, rest === '' ? `${active.name} …` : `${active.name}: ${rest}`);
  }
}

/** The Failure of an Assessment that is not ready: its root cause and remedy. */
export function causeOf(title: string, { rootCause }: Assessment): Error {
  return failure(
    rootCause?.code ?? 'NotReady',
    rootCause == null ? `${title} did not start.` : `${title}: ${rootCause.message}`,
    rootCause?.remedy ?? `See 'kaito describe ${title}' and 'kaito logs ${title}'.`,
  );
}
