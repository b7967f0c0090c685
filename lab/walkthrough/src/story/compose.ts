import { WalkthroughError } from '../error.ts';
import type { Chapter } from './chapters.ts';
import { splitCommands } from './commands.ts';
import type { Manner, Step } from './step.ts';

type Besides = Extract<Manner, { kind: 'beside' }>;

/** What is known of a command of a page, found by how its text begins. */
export interface Entry {
  readonly command: string;
  /** Which of the commands that begin so, from 1; each of them where it is left out. */
  readonly occurrence?: number;
  readonly does?: string;
  /** The terminal it is typed into, when it is not that of its block. */
  readonly terminal?: string;
  /** How it is run: to its end, where nothing is said. `until` of one beside others is how the last of those begins. */
  readonly manner?: Exclude<Manner, Besides> | (Omit<Besides, 'until'> & { readonly until: string });
  /** A check of the walkthrough's own that comes after it, in the same terminal. */
  readonly check?: { readonly command: string; readonly does: string; readonly manner: Exclude<Manner, Besides> };
}

/** What is known of a page beyond its commands. */
export interface Guide {
  readonly entries: readonly Entry[];
  /** Blocks, found by a line of theirs, that are typed into another terminal than the first. */
  readonly blocks: readonly { readonly line: string; readonly terminal: string }[];
  /** Commands that tell the state of things after a failure. */
  readonly inspections: readonly string[];
  /** How long the page says that a chapter waits, by the chapter's title. */
  readonly waits: Readonly<Record<string, string>>;
}

/** Seconds that a command may take of which nothing else is said. */
export const usualLimit = 300;

const firstTerminal = '1';

/**
 * The commands of a page, in its order and spelling, with what its guide says of each. `first` is the number of the first.
 * @throws WalkthroughError where the guide speaks of a command or block that the page does not have
 */
export function composeSteps(chapters: readonly Chapter[], guide: Guide, first = 1): Step[] {
  const drafts: (Omit<Step, 'manner' | 'number'> & { manner: NonNullable<Entry['manner']> })[] = [];
  const met = new Map<string, number>();
  const used = new Set<object>();
  for (const { title, opening, blocks } of chapters) {
    for (const block of blocks) {
      const lines = block.split('\n');
      const place = guide.blocks.find(({ line }) => lines.includes(line));
      if (place !== undefined) used.add(place);
      for (const { text, comment } of splitCommands(block)) {
        const entry = entryOf(text, guide.entries, met);
        if (entry !== undefined) used.add(entry);
        const terminal = entry?.terminal ?? place?.terminal ?? firstTerminal;
        const manner = entry?.manner ?? { kind: 'once' as const, limit: usualLimit };
        const shared = { chapter: title, opening, terminal };
        drafts.push({
          ...shared,
          command: text,
          comment,
          added: false,
          ...(entry?.does !== undefined && { does: entry.does }),
          manner,
        });
        if (entry?.check !== undefined) drafts.push({ ...shared, comment: '', added: true, ...entry.check });
      }
    }
  }
  const unused = [...guide.entries, ...guide.blocks].find((each) => !used.has(each));
  if (unused !== undefined)
    throw new WalkthroughError(
      'GuideDiffers',
      `the page has no ${'command' in unused ? `command that begins ${unused.command}` : `block with the line ${unused.line}`}`,
      'mend the guide of the page',
    );
  return drafts.map((draft, index) => ({ ...draft, number: first + index, manner: resolved(draft.manner, index) }));

  function resolved(manner: NonNullable<Entry['manner']>, at: number): Manner {
    if (manner.kind !== 'beside' || typeof manner.until === 'number') return manner as Manner;
    const { until } = manner;
    const last = drafts.findIndex(({ command }, index) => index > at && command.startsWith(until));
    if (last === -1)
      throw new WalkthroughError('GuideDiffers', `no later command begins ${until}`, 'mend the guide of the page');
    return { ...manner, until: first + last };
  }
}

function entryOf(text: string, entries: readonly Entry[], met: Map<string, number>): Entry | undefined {
  const matching = entries.filter(({ command }) => text.startsWith(command));
  const [some] = matching;
  if (some === undefined) return undefined;
  const occurrence = (met.get(some.command) ?? 0) + 1;
  met.set(some.command, occurrence);
  return matching.find((entry) => entry.occurrence === undefined || entry.occurrence === occurrence);
}
