/** Of `known`, what `name` was probably meant to be: the nearest by edits, or the one that contains it. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = name.length > 2 && candidate.includes(name) ? 1 : edits(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein's distance. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let at = 0; at < from.length; at += 1) {
    const next = [at + 1];
    for (let column = 0; column < to.length; column += 1)
      next.push(Math.min(next[column]! + 1, row[column + 1]! + 1, row[column]! + (from[at] === to[column] ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}
