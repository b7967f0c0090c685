import { readFile } from 'node:fs/promises';
import { readChapters } from './chapters.ts';
import { type Guide, composeSteps } from './compose.ts';
import type { Step } from './step.ts';

/** What is told: steps, and what is known beyond them. */
export interface Story {
  readonly title: string;
  /** For the transcript: what is run, and where. */
  readonly about: string;
  readonly steps: readonly Step[];
  /** Commands that tell the state of things after a failure. */
  readonly inspections: readonly string[];
  /** How long a page says that a chapter waits, by the chapter's title. */
  readonly waits: Readonly<Record<string, string>>;
}

/** A Markdown page whose commands are run, with what is known of them. */
export interface Page {
  readonly file: URL;
  readonly guide: Guide;
}

/** Every command of the pages, one page after the other. @throws WalkthroughError where a guide differs from its page */
export async function readStory(title: string, about: string, pages: readonly Page[]): Promise<Story> {
  const steps: Step[] = [];
  for (const { file, guide } of pages)
    steps.push(...composeSteps(readChapters(await readFile(file, 'utf8')), guide, steps.length + 1));
  return {
    title,
    about,
    steps,
    inspections: [...new Set(pages.flatMap(({ guide }) => guide.inspections))],
    waits: Object.assign({}, ...pages.map(({ guide }) => guide.waits)) as Record<string, string>,
  };
}
