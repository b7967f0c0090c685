/** What must be seen in a command's output or on its screen. */
export interface Sight {
  /** Ends the sentence "Expected …". */
  readonly what: string;
  seen(text: string): boolean;
}

/** The sight of a text that matches. */
export function matching(what: string, pattern: RegExp): Sight {
  return { what, seen: (text) => pattern.test(text) };
}

/** A look at the screen of an endless program that is worth keeping. */
export interface Moment {
  readonly title: string;
  readonly sight: Sight;
}

/** How a person would have the command run. Every one has a limit in seconds after which it is ended and the run has failed. */
export type Manner =
  /** To its end, once; what it printed, or the value that it assigned, must show the sight. */
  | { readonly kind: 'once'; readonly sight?: Sight; readonly limit: number }
  /** Again and again, a second apart, until it shows the sight. */
  | { readonly kind: 'repeated'; readonly sight: Sight; readonly limit: number }
  /** Endless, until its screen shows the sight; then Ctrl-C. `before` are moments that may be seen on the way. */
  | {
      readonly kind: 'watched';
      readonly sight: Sight;
      readonly title: string;
      readonly before: readonly Moment[];
      readonly limit: number;
    }
  /** In its terminal while what comes next runs in others: up to and with step `until`, when it is awaited, or ended by Ctrl-C. */
  | {
      readonly kind: 'beside';
      readonly until: number;
      readonly end: 'await' | 'interrupt';
      readonly sight?: Sight;
      readonly limit: number;
    }
  /** It fails as the sight says, for a reason that can be explained; after `mend` in its terminal the very same command works. */
  | {
      readonly kind: 'mistaken';
      readonly sight: Sight;
      readonly explanation: string;
      readonly mend: string;
      readonly limit: number;
    };

/** One command of the story. */
export interface Step {
  /** From 1, over the whole story. */
  readonly number: number;
  readonly chapter: string;
  /** The first sentence of the chapter. */
  readonly opening: string;
  readonly terminal: string;
  /** As it is spelt in the page. */
  readonly command: string;
  readonly comment: string;
  /** Added by the walkthrough: a check that the page does not have. */
  readonly added: boolean;
  /** What the step did, in a sentence. */
  readonly does?: string;
  readonly manner: Manner;
}
