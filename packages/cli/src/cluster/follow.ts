import type { Workspace } from '@kaito/api';
import type { Assessment } from '@kaito/diagnosis';
import type { Live } from '@kaito/kube';
import { withCommandName } from '../program/command-name.ts';
import type { Session } from '../session.ts';
import type { Progress } from '../terminal/progress.ts';
import { elapsed } from '../terminal/quantity.ts';
import type { Cluster } from './connect.ts';
import { operatorCommand } from './explain.ts';
import { titleOfLive, type WorkspaceRef } from './lookup.ts';
import { isReady, standingOf } from './standing.ts';
import { watchWorkspaces } from './watch.ts';

export type Followed =
  | { readonly outcome: 'ready'; readonly workspace: Live<Workspace> }
  | { readonly outcome: 'timeout'; readonly last?: Live<Workspace> }
  | { readonly outcome: 'interrupted' | 'gone' };

export interface FollowOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Seconds; absent: as long as it takes. */
  readonly timeout?: number;
  /** It is as it was applied from this generation on. */
  readonly generation: number;
}

/** After this time without a word of an operator, ms, the person is told so. */
const silenceMs = 15_000;

/** Follows a Workspace until it is ready: tells each phase as it ends, and the root cause with its remedy whenever it is another. */
export async function follow(
  { terminal, now }: Session,
  cluster: Cluster,
  { namespace, name }: WorkspaceRef,
  { progress, signal, timeout, generation }: FollowOptions,
): Promise<Followed> {
  const limit = timeout == null ? undefined : AbortSignal.timeout(timeout * 1000);
  const told = new Set<string>();
  let last: Live<Workspace> | undefined;
  const silence = setTimeout(() => {
    if (last?.status?.conditions == null)
      progress.note(`${terminal.errStyle.yellow('•')} No operator has looked at it yet. See why: ${operatorCommand}`);
  }, silenceMs);
  try {
    const end = await watchWorkspaces<Followed>(
      cluster,
      { namespace, fieldSelector: `metadata.name=${name}` },
      (change) => {
        if (change.type === 'deleted') return { outcome: 'gone' };
        last = change.object;
        if ((last.status?.observedGeneration ?? generation) < generation) return undefined;
        const standing = standingOf(last, now(), cluster.flags);
        tell(standing, { told, progress, style: terminal.errStyle, env: terminal.env });
        return isReady(last) ? { outcome: 'ready', workspace: last } : undefined;
      },
      { signal: limit == null ? signal : AbortSignal.any([signal, limit]), say: (line) => progress.note(line) },
    );
    if (end != null) return end;
    if (signal.aborted) return { outcome: 'interrupted' };
    return { outcome: 'timeout', ...(last == null ? {} : { last }) };
  } finally {
    clearTimeout(silence);
    progress.end();
  }
}

interface Telling {
  readonly told: Set<string>;
  readonly progress: Progress;
  readonly style: Session['terminal']['errStyle'];
  readonly env: Session['terminal']['env'];
}

function tell({ phases, rootCause }: Assessment, { told, progress, style, env }: Telling): void {
  const anew = (what: string): boolean => !told.has(what) && told.add(what) != null;
  for (const { name, state, seconds } of phases) {
    if (state === 'done' && anew(`phase ${name}`))
      progress.note(`${style.green('✓')} ${name}${seconds == null ? '' : style.dim(` ${elapsed(seconds)}`)}`);
  }
  if (rootCause?.needs === 'person' && anew(`${rootCause.code} ${rootCause.message}`)) {
    progress.note(`${style.red('✗')} ${rootCause.message} ${style.dim(`[${rootCause.code}]`)}`);
    progress.note(`  ${style.dim('fix')} ${withCommandName(rootCause.remedy, env)}`);
  }
  const active =
    phases.find(({ state }) => state === 'running' || state === 'failed') ??
    phases.find(({ state }) => state === 'waiting');
  if (active == null) return;
  const expected =
    active.expectedSeconds == null || active.expectedSeconds === 0 ? '' : `, about ${elapsed(active.expectedSeconds)}`;
  const what = active.detail ?? rootCause?.message ?? 'waiting';
  progress.update(`${active.name} ${rootCause?.code ?? ''}`, `${active.name}: ${what}${expected}`);
}

/** How a Workspace stands in a line, for messages: its root cause, or that nobody has said anything of it. */
export function causeText(workspace: Live<Workspace> | undefined): string {
  if (workspace == null) return 'nothing is known of it yet';
  const { status } = workspace;
  return (
    status?.rootCause?.message ??
    (status?.state == null ? 'no operator has looked at it yet' : `${titleOfLive(workspace)} is ${status.state}`)
  );
}
