import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readStory } from './story.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'story-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

async function page(name: string, ...commands: string[]): Promise<URL> {
  const file = join(directory, name);
  await writeFile(file, `## ${name}\n\n\`\`\`bash\n${commands.join('\n')}\n\`\`\`\n`);
  return pathToFileURL(file);
}

test('pages follow each other: one numbering, each with its own guide', async () => {
  const nothing = { entries: [], blocks: [], inspections: ['look'], waits: {} };
  const until = { kind: 'beside', until: 'last', end: 'await', limit: 1 } as const;
  const story = await readStory('Both', 'About.', [
    { file: await page('one', 'a', 'b'), guide: { ...nothing, waits: { one: 'a while' } } },
    {
      file: await page('two', 'a', 'last'),
      guide: {
        ...nothing,
        inspections: ['look', 'more'],
        entries: [{ command: 'a', manner: until }],
        waits: { two: 'long' },
      },
    },
  ]);
  expect(story.steps.map(({ number, chapter, command, manner }) => [number, chapter, command, manner.kind])).toEqual([
    [1, 'one', 'a', 'once'],
    [2, 'one', 'b', 'once'],
    [3, 'two', 'a', 'beside'],
    [4, 'two', 'last', 'once'],
  ]);
  expect(story.steps[2]!.manner).toMatchObject({ until: 4 });
  expect(story).toMatchObject({ inspections: ['look', 'more'], waits: { one: 'a while', two: 'long' } });
});
