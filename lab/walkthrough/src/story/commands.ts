import { spawnSync } from 'node:child_process';
import { WalkthroughError } from '../error.ts';

/** One command as a person types it, over as many lines as it takes. */
export interface Command {
  readonly text: string;
  /** The comment lines above it, without `#`; empty where there are none. */
  readonly comment: string;
}

/** Whether bash accepts the text as it stands, without a warning. */
function accepts(text: string): { readonly accepted: boolean; readonly complaint: string } {
  const { status, stderr, error } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8', env: { LC_ALL: 'C' } });
  if (error !== undefined) throw error;
  // An open here-document is only a warning to bash.
  return { accepted: status === 0 && stderr === '', complaint: stderr.trim() };
}

/**
 * Cuts a block into its commands, each with the spelling of the block. Bash itself says where one ends: a text is whole when it is
 * accepted, and a `;` on a line of its own after it is not, as it is after a line that is to be continued.
 * @throws WalkthroughError where a block is no bash
 */
export function splitCommands(block: string): Command[] {
  const commands: Command[] = [];
  let comments: string[] = [];
  let lines: string[] = [];
  let complaint = '';
  for (const line of block.split('\n')) {
    if (lines.length === 0) {
      if (line.trim() === '') continue;
      if (line.trimStart().startsWith('#')) {
        comments.push(line.trimStart().replace(/^#\s*/, '').trimEnd());
        continue;
      }
    }
    lines.push(line);
    const text = lines.join('\n');
    const verdict = accepts(text);
    complaint = verdict.complaint;
    if (!verdict.accepted || accepts(`${text}\n;`).accepted) continue;
    commands.push({ text, comment: comments.join('\n') });
    comments = [];
    lines = [];
  }
  if (lines.length > 0)
    throw new WalkthroughError(
      'NotBash',
      `a block has a command that never ends: ${lines[0]}${complaint === '' ? '' : ` (${complaint})`}`,
      'mend the block',
    );
  return commands;
}
