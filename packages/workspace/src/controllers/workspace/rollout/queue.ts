import {
  conditionTypes,
  isTrue,
  parseUpdateWindow,
  positionIn,
  updateAnnotation,
  updateWindowAnnotation,
  type Workspace,
} from '@kaito/api';
import { keyOf } from '@kaito/kube';
import { indexes, type Live, updateHeld } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';
import { rolloutOf } from './progress.ts';

type Given = Pick<Dependencies, 'caches' | 'clock' | 'options'>;

interface Refusal {
  readonly go: false;
  /** For people: what it waits for. */
  readonly waitsFor: string;
  readonly lookAgainAfterMs?: number;
}

/** Whether the update of one Workspace may be rolled out at the moment. */
export type Turn = { readonly go: true } | Refusal;

/** Who allows an update, the others set aside: the person by their word, or the window. */
type Permit = { readonly go: true; readonly by: 'word' | 'window' } | Refusal;

/** How often a Workspace that is next looks whether the one before is done, should no change tell it. */
const lookMs = 30_000;
/** Timers are not set for longer. */
const longestTimerMs = 86_400_000;

/**
 * Lets the held updates of all Workspaces through, one after the other, the oldest Workspace first. All that decides is in the cache, so that a
 * new leader decides alike, but for the one that this process has let through a moment ago.
 */
export class UpdateQueue {
  readonly #deps: Given;
  readonly #rolling = new Set<string>();
  #leaving: string | undefined;

  constructor(deps: Given) {
    this.#deps = deps;
  }

  /** May the Workspace's update to `revision` begin now? Never before the person was told of it: its condition is in the cache. */
  turnOf(workspace: Live<Workspace>, revision: string): Turn {
    const permit = this.#permit(workspace, revision);
    if (!permit.go) return permit;
    const key = keyOf(workspace);
    const turn = wait('its turn: one Workspace is updated at a time', lookMs);
    if (this.#leaving !== undefined || this.next({ key, revision }) !== key) return turn;
    const others = this.#rolloutsBeside(key);
    if (permit.by === 'window' && others.has('failed')) {
      const word = command(workspace, revision);
      return wait(`another Workspace, whose update failed, to be mended, or your word: ${word}`, lookMs);
    }
    return others.has('rolling') ? turn : { go: true };
  }

  /** Runs the step that lets an update begin; no other begins before it is in the cache. */
  async begin<T>(workspace: Live<Workspace>, step: () => Promise<T>): Promise<T> {
    this.#leaving = keyOf(workspace);
    try {
      return await step();
    } finally {
      this.#leaving = undefined;
    }
  }

  /** To be told of each Workspace that was looked at. @returns the key of the next one when this one's rollout is over since the last time. */
  saw(workspace: Live<Workspace>): string | undefined {
    const { caches, clock } = this.#deps;
    if (rolloutOf(workspace, caches, clock.now()) !== 'rolling') return this.forget(keyOf(workspace));
    this.#rolling.add(keyOf(workspace));
    return undefined;
  }

  /** The Workspace is gone. @returns as `saw`. */
  forget(key: string): string | undefined {
    return this.#rolling.delete(key) ? this.next() : undefined;
  }

  /** Key of the Workspace whose update comes next, among those that were told of one and may begin. `asking`: one whose revision is known. */
  next(asking?: { readonly key: string; readonly revision: string }): string | undefined {
    let first: Live<Workspace> | undefined;
    for (const workspace of this.#deps.caches.workspaces.byIndex(indexes.update, updateHeld)) {
      if (first !== undefined && isBefore(first, workspace)) continue;
      const revision = keyOf(workspace) === asking?.key ? asking.revision : undefined;
      if (this.#permit(workspace, revision).go) first = workspace;
    }
    return first && keyOf(first);
  }

  #rolloutsBeside(key: string): ReadonlySet<ReturnType<typeof rolloutOf>> {
    const { caches, clock } = this.#deps;
    const now = clock.now();
    const others = caches.workspaces.list().filter((workspace) => keyOf(workspace) !== key);
    return new Set(others.map((workspace) => rolloutOf(workspace, caches, now)));
  }

  #permit(workspace: Live<Workspace>, revision: string | undefined): Permit {
    const { annotations, deletionTimestamp } = workspace.metadata;
    if (deletionTimestamp !== undefined) return wait('nothing: it is being deleted');
    const asked = annotations?.[updateAnnotation];
    if (asked !== undefined && (asked === 'now' || asked === revision)) return { go: true, by: 'word' };
    const word = command(workspace, revision);
    const text = annotations?.[updateWindowAnnotation] ?? this.#deps.options.updateWindow;
    if (text === undefined) return wait(`your word: ${word}`);
    const now = this.#deps.clock.now();
    let position: ReturnType<typeof positionIn>;
    try {
      position = positionIn(parseUpdateWindow(text), now);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return wait(`a readable ${updateWindowAnnotation} (${error.message}), or your word: ${word}`);
    }
    if (!position.open) {
      const { opensAt } = position;
      if (opensAt === undefined) return wait(`a window that never opens, or your word: ${word}`);
      const inMs = opensAt.getTime() - now.getTime();
      return wait(
        `its window, which opens at ${minute(opensAt)}, or your word: ${word}`,
        Math.min(longestTimerMs, inMs),
      );
    }
    if (isTrue(workspace.status?.conditions, conditionTypes.workspaceReady)) return { go: true, by: 'window' };
    return wait(`the Workspace to be Ready again, or your word: ${word}`);
  }
}

function wait(waitsFor: string, lookAgainAfterMs?: number): Refusal {
  return { go: false, waitsFor, ...(lookAgainAfterMs !== undefined && { lookAgainAfterMs }) };
}

/** What the person types to let the update through. */
function command({ metadata }: Live<Workspace>, revision = 'now'): string {
  const { name = '', namespace = '' } = metadata;
  return `kubectl annotate workspace ${name} -n ${namespace} --overwrite ${updateAnnotation}=${revision}`;
}

function isBefore(a: Live<Workspace>, b: Live<Workspace>): boolean {
  const [at, bt] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return at === bt ? keyOf(a) < keyOf(b) : at < bt;
}

function minute(date: Date): string {
  return `${date.toISOString().slice(0, 16)}Z`;
}
