import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { LaunchError } from './flags.ts';

/** Checks that the script is where the launcher looks for it, as Python would. @throws LaunchError in Python's words. */
export function checkScript(script: string, workingDirectory: string): void {
  const path = resolve(workingDirectory, script);
  if (!existsSync(path)) throw new LaunchError(`can't open file '${path}': [Errno 2] No such file or directory`);
}
