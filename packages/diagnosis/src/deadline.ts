import type { View } from './policies/policy.ts';

/** Answers whether times have passed, and remembers the first of those that have not. */
export interface Deadline {
  readonly passed: View['passed'];
  /** Milliseconds until the first of them has passed; undefined where none is awaited. */
  readonly nextMs: () => number | undefined;
}

export function createDeadline(now: Date): Deadline {
  let next: number | undefined;
  return {
    passed(since, seconds) {
      const due = (since === undefined ? Number.NaN : Date.parse(since)) + seconds * 1000 - now.getTime();
      if (Number.isNaN(due)) return false;
      if (due <= 0) return true;
      next = Math.min(next ?? due, due);
      return false;
    },
    nextMs: () => next,
  };
}
