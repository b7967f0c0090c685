import type { Job } from './job.ts';

/** What ranks say to each other, one JSON object per line. */
export type Message =
  /** From a rank: it is here. */
  | { readonly type: 'join'; readonly rank: number; readonly job: Job }
  /** From the leader: it will not have this rank. */
  | { readonly type: 'refuse'; readonly reason: string }
  /** From the leader: all are here; serve. */
  | { readonly type: 'start' }
  /** From the leader: serve no more, and wait for the next start. */
  | { readonly type: 'stop' }
  /** From both: still here. */
  | { readonly type: 'alive' };

/** Longest line, in characters; whoever sends more speaks something else. */
export const longestLine = 4096;

/** The message of a line; undefined where it is none. */
export function parseMessage(line: string): Message | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { type, rank, job, reason } = fields(value);
  switch (type) {
    case 'join': {
      const { id, nodes, processes } = fields(job);
      if (!isCount(rank) || typeof id !== 'string' || !isCount(nodes) || !isCount(processes)) return undefined;
      return { type, rank, job: { id, nodes, processes } };
    }
    case 'refuse':
      return typeof reason === 'string' ? { type, reason } : undefined;
    case 'start':
    case 'stop':
    case 'alive':
      return { type };
    default:
      return undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
