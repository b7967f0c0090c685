import { readFile } from 'node:fs/promises';
import type { Story } from '../run/walkthrough.ts';
import { readChapters } from '../story/chapters.ts';
import { composeSteps } from '../story/compose.ts';
import { seedGuide } from './guide.ts';

const page = new URL('../../../../docs/seed.md', import.meta.url);

/** docs/seed.md: every command of it, in its order and spelling. */
export async function seedStory(): Promise<Story> {
  const steps = composeSteps(readChapters(await readFile(page, 'utf8')), seedGuide);
  return {
    title: 'The walkthrough',
    about:
      'Every command of [seed.md](seed.md), in its order and spelling, as it ran on one machine: the real `az`, `kubectl` and `curl`, against an Azure emulator and a real Kubernetes cluster. This page is written by `npm run walkthrough -- --write-docs`.',
    steps,
    inspections: seedGuide.inspections,
    waits: seedGuide.waits,
  };
}
