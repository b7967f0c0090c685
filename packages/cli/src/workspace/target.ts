import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateDirectory } from '@kaito/local';
import { failure } from '../failure.ts';

const file = () => join(stateDirectory(), 'target');

/** The saved target; `local`, this machine, where none was saved. */
export async function savedTarget(): Promise<string> {
  const text = await readFile(file(), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.trim() === '' ? 'local' : text.trim();
}

/** Saves the target for later commands. */
export async function saveTarget(target: string): Promise<void> {
  await mkdir(stateDirectory(), { recursive: true, mode: 0o700 });
  await writeFile(file(), `${target}\n`, { mode: 0o600 });
}

/** Throws Failure NotSupported where the saved target is not this machine. */
export async function requireLocalTarget(): Promise<void> {
  const target = await savedTarget();
  if (target !== 'local') throw notSupported(target);
}

/** The Failure for a target that is not this machine. */
export function notSupported(target: string): Error {
  return failure(
    'NotSupported',
    `The target ${target} is a cluster, but this build runs Workspaces on this machine only.`,
    'Act on this machine: kaito use local.',
  );
}
