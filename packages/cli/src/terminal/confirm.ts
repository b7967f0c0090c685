import { createInterface } from 'node:readline';
import { failure } from '../failure.ts';
import type { Session } from '../session.ts';

/** Asks on the terminal; false for anything but yes, and for Ctrl-C. Throws Failure ConfirmationNeeded where there is nobody to ask. */
export async function confirm({ terminal }: Session, question: string, remedy: string): Promise<boolean> {
  if (!terminal.inIsTerminal || !terminal.errIsTerminal)
    throw failure(
      'ConfirmationNeeded',
      'This has to be agreed to, and standard input is no terminal to ask on.',
      remedy,
    );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve) => {
      lines.once('SIGINT', () => resolve(false));
      lines.once('close', () => resolve(false));
      lines.question(`${question} ${terminal.errStyle.dim('[y/N]')} `, (answer) =>
        resolve(/^y(es)?$/i.test(answer.trim())),
      );
    });
  } finally {
    lines.close();
  }
}
