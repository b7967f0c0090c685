import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { lineOf } from './command-line.ts';

/** Programs of the person's machine. */
export interface Programs {
  /** Whether it is on the PATH. */
  has(program: string): boolean;
  /** Runs a command to its end, its output on the error stream. Throws Failure CommandFailed. */
  run(words: readonly string[]): Promise<void>;
}

export function programsOf({ terminal: { env } }: Session): Programs {
  return {
    has: (program) => (env['PATH'] ?? '').split(delimiter).some((directory) => isExecutable(join(directory, program))),
    run: (words) =>
      new Promise((resolve, reject) => {
        const [program = '', ...args] = words;
        // Nothing but our own data goes to standard output.
        const child = spawn(program, args, { stdio: ['ignore', 2, 2], env: env as NodeJS.ProcessEnv });
        const failed = (why: string) =>
          reject(failure('CommandFailed', `${program} ${why}.`, `Run it by hand: ${lineOf(words)}`));
        child.once('error', (error: NodeJS.ErrnoException) =>
          failed(error.code === 'ENOENT' ? 'is not on the PATH' : `cannot be run: ${error.message}`),
        );
        child.once('close', (code) => (code === 0 ? resolve() : failed(`ended with ${code ?? 'a signal'}`)));
      }),
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
