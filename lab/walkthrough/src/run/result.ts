import type { Step } from '../story/step.ts';

/** What a command did once. */
export interface Run {
  readonly command: string;
  /** Typed by the walkthrough without the page: what mends a mistake of the page. */
  readonly added: boolean;
  readonly output: string;
  readonly status: number;
  readonly seconds: number;
  /** What the variable that it assigned holds, where a program computed it. */
  readonly value?: string;
  /** Looks at the screen of an endless program, in their order. */
  readonly screens: readonly { readonly title: string; readonly text: string }[];
}

/** A step that was done. Times are seconds since the start of the story. */
export interface StepResult {
  readonly step: Step;
  readonly runs: readonly Run[];
  readonly began: number;
  readonly ended: number;
}

/** What a step was to show, and what was there instead. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly expected: string;
  readonly seen: string;
  constructor(expected: string, seen: string) {
    super(`expected ${expected}`);
    this.expected = expected;
    this.seen = seen;
  }
}

/** The end of a story. */
export interface Outcome {
  readonly status: 'passed' | 'failed' | 'quit' | 'interrupted';
  readonly results: readonly StepResult[];
  readonly seconds: number;
  readonly failure?: {
    readonly step: Step;
    readonly expected: string;
    readonly seen: string;
    /** The state of things after it: commands with what they printed. */
    readonly state: readonly { readonly command: string; readonly output: string }[];
  };
  /** The file that the transcript was written to. */
  readonly transcript: string;
}
