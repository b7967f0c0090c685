import type { Finding } from '@kaito/api';

/** Levels of maps and lists; a pod with all its fields has about fifteen. What works on objects recurses, and thousands would end its stack. */
const maxDepth = 100;

/** True when some value lies deeper than any Workspace needs. Does not recurse itself. */
export function isTooDeep(object: unknown): boolean {
  let level: object[] = isParent(object) ? [object] : [];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    const next: object[] = [];
    for (const parent of level)
      for (const value of Object.values(parent) as unknown[]) if (isParent(value)) next.push(value);
    level = next;
  }
  return false;
}

function isParent(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export const tooDeep: Finding = {
  code: 'TooDeep',
  severity: 'error',
  message: `The Workspace has more than ${maxDepth} levels of maps and lists in each other.`,
  remedy: 'Make it flatter; only inference.template can hold so many.',
};
