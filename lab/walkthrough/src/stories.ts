import { beyondStory } from './beyond/beyond.ts';
import type { Options } from './options.ts';
import { seedStory } from './seed/seed.ts';
import type { Story } from './story/story.ts';

/** The story that was asked for. */
export async function storyOf({ beyond }: Pick<Options, 'beyond'>): Promise<Story> {
  return await (beyond ? beyondStory() : seedStory());
}
