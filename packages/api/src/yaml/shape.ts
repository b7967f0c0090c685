/** Deeper nesting than this is no manifest; a pod template has about ten levels. */
const maxDepth = 100;

/** Whether a parsed value is a finite tree of bearable depth: aliases can make one that contains itself. */
export function shapeProblem(value: unknown): { message: string; remedy: string } | undefined {
  const heights = new Map<object, number>();
  const above = new Set<object>();
  const height = (node: unknown): number => {
    if (typeof node !== 'object' || node === null) return 0;
    const known = heights.get(node);
    if (known !== undefined) return known;
    if (above.has(node) || above.size > maxDepth) return Infinity;
    above.add(node);
    let tallest = 0;
    for (const child of Object.values(node)) tallest = Math.max(tallest, height(child));
    above.delete(node);
    heights.set(node, tallest + 1);
    return tallest + 1;
  };
  if (height(value) <= maxDepth) return undefined;
  return {
    message: `The text is nested deeper than ${maxDepth} levels.`,
    remedy: 'Flatten it; no alias may contain itself.',
  };
}
