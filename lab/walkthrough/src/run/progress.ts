import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WalkthroughError } from '../error.ts';
import type { Step } from '../story/step.ts';

/** Which steps have been done in an environment, kept in a file of its folder: a kept environment can be gone on with. */
export interface Progress {
  add(step: Step): Promise<void>;
  /** @throws WalkthroughError where one of `steps` has not been done */
  requireDone(steps: readonly Step[]): void;
}

export async function readProgress(directory: string): Promise<Progress> {
  const file = join(directory, 'progress.json');
  const done = new Map<number, string>(
    await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as [number, string][],
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    ),
  );
  return {
    async add({ number, command }) {
      done.set(number, command);
      await writeFile(`${file}.new`, JSON.stringify([...done]));
      await rename(`${file}.new`, file);
    },
    requireDone(steps) {
      const missing = steps.find(({ number, command }) => done.get(number) !== command);
      if (missing === undefined) return;
      throw done.size === 0
        ? new WalkthroughError(
            'NothingKept',
            'there is no kept environment to go on in',
            'run the walkthrough from its start with --keep, then use --from',
          )
        : new WalkthroughError(
            'StepNotDone',
            `step ${missing.number} has not been done in the kept environment: ${missing.command.split('\n')[0]}`,
            `use --from ${missing.number}, or start anew`,
          );
    },
  };
}
