/** A second-level heading of a Markdown page with the commands below it. */
export interface Chapter {
  readonly title: string;
  /** The first sentence below the heading, without Markdown's links; empty where there is none. */
  readonly opening: string;
  /** The contents of its fenced bash blocks, without the fences. */
  readonly blocks: readonly string[];
}

/** The chapters of a page that have commands, in their order. */
export function readChapters(markdown: string): Chapter[] {
  const chapters: { title: string; prose: string[]; blocks: string[] }[] = [];
  let block: string[] | undefined;
  for (const line of markdown.split('\n')) {
    if (block !== undefined) {
      if (line.trimEnd() === '```') {
        chapters.at(-1)?.blocks.push(block.join('\n'));
        block = undefined;
      } else block.push(line);
    } else if (line.trimEnd() === '```bash') block = [];
    else if (line.startsWith('## ')) chapters.push({ title: line.slice(3).trim(), prose: [], blocks: [] });
    else chapters.at(-1)?.prose.push(line);
  }
  return chapters
    .filter(({ blocks }) => blocks.length > 0)
    .map(({ title, prose, blocks }) => ({ title, opening: firstSentence(prose.join('\n')), blocks }));
}

function firstSentence(prose: string): string {
  const paragraph = prose.trim().split(/\n\s*\n/)[0] ?? '';
  const plain = paragraph.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/\s+/g, ' ');
  return /^.*?[.!?](?=\s|$)/.exec(plain)?.[0] ?? plain;
}
