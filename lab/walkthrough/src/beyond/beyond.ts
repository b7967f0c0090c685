import { seedGuide } from '../seed/guide.ts';
import { type Story, readStory } from '../story/story.ts';
import { beyondGuide } from './guide.ts';

const docs = new URL('../../../../docs/', import.meta.url);

/** docs/seed.md and, in the same terminals, docs/beyond.md. */
export async function beyondStory(): Promise<Story> {
  return await readStory(
    'The walkthrough, and beyond it',
    'Every command of [seed.md](seed.md) and then of [beyond.md](beyond.md), as it ran on one machine: the real `az`, `kubectl`, `helm`, `curl` and `kaito`, against an Azure emulator and a real Kubernetes cluster.',
    [
      { file: new URL('seed.md', docs), guide: seedGuide },
      { file: new URL('beyond.md', docs), guide: beyondGuide },
    ],
  );
}
