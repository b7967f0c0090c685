import type { NodeClaim } from '@kaito/api';
import type { Operation } from '@kaito/azure';

/** Annotation of a NodeClaim: what is under way with its agent pool, as JSON, so that another process goes on with it. */
export const poolStateAnnotation = 'kaito.sh/agent-pool-operation';
/** Annotation of a NodeClaim: the ways to get its machine that failed, as JSON. */
export const failuresAnnotation = 'kaito.sh/launch-failures';

/** Annotations that are this provisioner's notes, and no business of the node. */
export const noteAnnotations: readonly string[] = [poolStateAnnotation, failuresAnnotation];

/** `discarding`: the pool of a failed launch is taken away before the next way is tried. */
export type PoolPhase = 'creating' | 'discarding' | 'deleting';

export interface PoolState {
  readonly phase: PoolPhase;
  /** When the phase began, RFC 3339. */
  readonly since: string;
  /** Absent: Azure's answer was lost; the pool itself is looked at. */
  readonly operation?: Operation;
  /** The way by which it is created. */
  readonly way?: { readonly name: string; readonly hash: string };
}

const phases: readonly string[] = ['creating', 'discarding', 'deleting'] satisfies PoolPhase[];

/** What a claim says is under way. What cannot be read counts as nothing: the pool itself then tells. */
export function poolStateOf(claim: Pick<NodeClaim, 'metadata'>): PoolState | undefined {
  const state = parsed(claim, poolStateAnnotation) as Partial<PoolState> | undefined;
  if (state === undefined || typeof state.since !== 'string' || !phases.includes(state.phase ?? '')) return undefined;
  const { operation } = state;
  const readable =
    operation === undefined ||
    (typeof operation.url === 'string' &&
      (operation.kind === 'azure-async-operation' || operation.kind === 'location'));
  const way = typeof state.way?.name === 'string' && typeof state.way.hash === 'string';
  return readable && (state.way === undefined || way) ? (state as PoolState) : undefined;
}

/** One way that failed. */
export interface LaunchFailure {
  /** As `candidateName` names it. */
  readonly candidate: string;
  /** Of the pool that was asked for: a way whose pool would be another now (its class was edited) has not failed. */
  readonly body: string;
  /** Reason of the condition. */
  readonly reason: string;
  readonly retry: 'later' | 'never';
  readonly message: string;
  readonly remedy: string;
}

export function failuresOf(claim: Pick<NodeClaim, 'metadata'>): readonly LaunchFailure[] {
  const list = parsed(claim, failuresAnnotation);
  if (!Array.isArray(list)) return [];
  return list.filter((each: Partial<LaunchFailure> | null): each is LaunchFailure =>
    [each?.candidate, each?.body, each?.reason, each?.message, each?.remedy].every(
      (field) => typeof field === 'string',
    ),
  );
}

function parsed({ metadata }: Pick<NodeClaim, 'metadata'>, annotation: string): unknown {
  try {
    return JSON.parse(metadata.annotations?.[annotation] ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
