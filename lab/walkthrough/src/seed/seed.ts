import { type Story, readStory } from '../story/story.ts';
import { seedGuide } from './guide.ts';

const docs = new URL('../../../../docs/', import.meta.url);

/** docs/seed.md: every command of it, in its order and spelling. */
export async function seedStory(): Promise<Story> {
  return await readStory(
    'The walkthrough',
    'Every command of [seed.md](seed.md), in its order and spelling, as it ran on one machine: the real `az`, `kubectl` and `curl`, against an Azure emulator and a real Kubernetes cluster. `npm run walkthrough -- --write-docs` writes this page.',
    [{ file: new URL('seed.md', docs), guide: seedGuide }],
  );
}
