import { expect, test } from 'vitest';
import { readChapters } from './chapters.ts';

test('chapters with commands, the first sentence of each, and its bash blocks', () => {
  const page = `---
title: x
---

# Page

\`\`\`bash
before any chapter
\`\`\`

## One

See the [CLI](https://example.test/a.b), which
is good. More.

\`\`\`bash
## no heading

echo 1
\`\`\`

\`\`\`yaml
not: bash
\`\`\`

\`\`\`bash
echo 2
\`\`\`

## Without commands

Words.

## Two

\`\`\`bash
echo 3
\`\`\`
`;
  expect(readChapters(page)).toEqual([
    { title: 'One', opening: 'See the CLI, which is good.', blocks: ['## no heading\n\necho 1', 'echo 2'] },
    { title: 'Two', opening: '', blocks: ['echo 3'] },
  ]);
});
