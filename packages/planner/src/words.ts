/** A count with its noun: `1 GPU`, `2 GPUs`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
