/** One sequence of the context: the tokens its cache holds, and who uses it. */
export interface Slot<Job> {
  readonly id: number;
  /** What the cache holds, from position 0. */
  tokens: number[];
  /** The adapter the cache was computed with. */
  adapter: string;
  job: Job | undefined;
  /** Tick of the last use, for choosing what to overwrite. */
  lastUsed: number;
}

export interface Placement<Job> {
  readonly slot: Slot<Job>;
  /** The slot (perhaps in use) whose cache to copy first; the same slot when its own cache serves. */
  readonly source: Slot<Job>;
  /** Tokens of the source's cache that the prompt shares. */
  readonly shared: number;
}

/** How many tokens `a` and `b` share at their beginning. */
export function sharedPrefix(a: readonly number[], b: readonly number[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length++;
  return length;
}

export function createSlots<Job>(count: number): Slot<Job>[] {
  return Array.from({ length: count }, (_, id) => ({ id, tokens: [], adapter: '', job: undefined, lastUsed: 0 }));
}

/**
 * Free slots that keep the ids in use one unbroken run: llama.cpp joins sequences in one pass over the weights only while their ids rise
 * by one. With nothing in use every slot qualifies; else the gaps within the run, else its two neighbours.
 */
export function denseChoices<Job>(slots: readonly Slot<Job>[]): Slot<Job>[] {
  const first = slots.findIndex((slot) => slot.job !== undefined);
  if (first < 0) return [...slots];
  const last = slots.findLastIndex((slot) => slot.job !== undefined);
  const gaps = slots.slice(first, last).filter((slot) => slot.job === undefined);
  if (gaps.length > 0) return gaps;
  return [slots[first - 1], slots[last + 1]].filter((slot) => slot !== undefined);
}

/**
 * Where a prompt is computed: in a slot that keeps the run of ids unbroken. Of these the one whose cache the prompt continues (keeps at
 * least half of), else the one unused for longest, so that a beginning that many prompts share does not cost a conversation its cache.
 * When another slot, even one in use, shares at least `copyGain` tokens more, its cache is to be copied first. Undefined when no slot is
 * free.
 */
export function place<Job>(
  slots: readonly Slot<Job>[],
  prompt: readonly number[],
  adapter: string,
  copyGain: number,
): Placement<Job> | undefined {
  const shared = new Map(slots.map((slot) => [slot, slot.adapter === adapter ? sharedPrefix(slot.tokens, prompt) : 0]));
  const continued = (slot: Slot<Job>) => (shared.get(slot)! * 2 >= slot.tokens.length ? shared.get(slot)! : 0);
  const slot = denseChoices(slots).toSorted(
    (a, b) => continued(b) - continued(a) || a.lastUsed - b.lastUsed || a.id - b.id,
  )[0];
  if (slot === undefined) return undefined;
  const best = slots.toSorted((a, b) => shared.get(b)! - shared.get(a)! || a.id - b.id)[0]!;
  const source = shared.get(best)! - shared.get(slot)! >= copyGain ? best : slot;
  return { slot, source, shared: shared.get(source)! };
}

/**
 * The move that mends the first gap among the ids in use: the job at the end of the run that has more tokens to come goes into the gap.
 * Undefined when there is no gap, or when too few tokens are to come (`remaining`) for the copy to pay.
 */
export function closeGap<Job>(
  slots: readonly Slot<Job>[],
  remaining: (job: Job) => number,
  leastRemaining: number,
): { readonly from: Slot<Job>; readonly to: Slot<Job> } | undefined {
  const used = slots.filter((slot) => slot.job !== undefined);
  const first = used[0];
  const last = used.at(-1);
  if (first === undefined || last === undefined || last.id - first.id + 1 === used.length) return undefined;
  const gap = slots.slice(first.id).find((slot) => slot.job === undefined)!;
  const from = remaining(last.job!) >= remaining(first.job!) ? last : first;
  return remaining(from.job!) >= leastRemaining ? { from, to: gap } : undefined;
}
