import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WalkthroughError } from '../error.ts';
import type { Step } from '../story/step.ts';

/** Which steps have been done in an environment, kept in a file of its folder: a kept environment can be gone on with. */
export interface Progress {
  add(step: Step): Promise<void>;
  /** @throws WalkthroughError where one of `steps` has not been done */
  requireDone(steps: readonly Step[]): void;
}

const file = 'progress.json';

/** Forgets what has been done in an environment: the story starts anew. */
export async function noProgress(directory: string): Promise<Progress> {
  const path = join(directory, file);
  await rm(path, { force: true });
  return keeping(path, new Map());
}

/** What has been done in an environment. */
export async function readProgress(directory: string): Promise<Progress> {
  const path = join(directory, file);
  const done = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as [number, string][],
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return keeping(path, new Map(done));
}

function keeping(path: string, done: Map<number, string>): Progress {
  return {
    async add({ number, command }) {
      done.set(number, command);
      await writeFile(`${path}.new`, JSON.stringify([...done]));
      await rename(`${path}.new`, path);
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
