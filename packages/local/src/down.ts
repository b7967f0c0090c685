import { randomBytes } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LocalError } from './local-error.ts';
import { isAlive, sendSignal, terminate, waitGone } from './process/identity.ts';
import { markedProcesses } from './process/marked.ts';
import { hasCode, readJson, writeAtomic } from './state/atomic-file.ts';
import { WorkspacePaths, stateDirectory } from './state/directories.ts';
import { lock, lockHolder } from './state/lock.ts';
import type { ServerRecord } from './state/record.ts';
import { drainGraceMs } from './supervisor/timing.ts';

export interface DownOptions {
  readonly state?: string;
  /** Gives up waiting; the Workspace stays marked, and the next `up` or `down` ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Ends a Workspace: its server ends the running requests, then everything of it goes, weights excepted. Resolves when no process and no
 * file of it is left; `existed` is false where there was none. Safe to repeat after being killed.
 * @throws LocalError `InvalidName`, `StillRunning`.
 */
export async function down(
  namespace: string,
  name: string,
  options: DownOptions = {},
): Promise<{ readonly existed: boolean }> {
  const paths = new WorkspacePaths(options.state ?? stateDirectory(), namespace, name);
  if (!(await present(paths.directory))) return { existed: false };
  const held = await lock(paths.operationLock, options.signal);
  try {
    if (!(await present(paths.directory))) return { existed: false };
    await writeAtomic(paths.deleting, '');
    await stopProcesses(paths, options.signal);
    await removeDirectory(paths.directory);
    return { existed: true };
  } finally {
    await held.release();
  }
}

/** Ends the supervisor (which drains its server), and any server left without one. Call it with the operation lock held. */
export async function stopProcesses(paths: WorkspacePaths, signal?: AbortSignal): Promise<void> {
  const supervisor = await lockHolder(paths.supervisorLock);
  if (supervisor !== undefined) {
    sendSignal(supervisor, 'SIGTERM');
    if (!(await waitGone(supervisor, drainGraceMs + 15_000, signal))) {
      sendSignal(supervisor, 'SIGKILL');
      await waitGone(supervisor, 10_000, signal);
    }
  }
  const record = await readJson<ServerRecord>(paths.server).catch(() => undefined);
  const orphans = [...(record === undefined ? [] : [record]), ...markedProcesses(paths.directory)];
  await Promise.all(orphans.map((orphan) => terminate(orphan, drainGraceMs)));
  const left = orphans.find(isAlive);
  if (left !== undefined) {
    throw new LocalError('StillRunning', `process ${left.pid} does not end`, `end it yourself: kill -9 ${left.pid}`);
  }
  await rm(paths.server, { force: true });
}

/** Takes the directory away in one step, so that a kill leaves it whole or gone; then deletes it. */
async function removeDirectory(directory: string): Promise<void> {
  const parent = dirname(directory);
  const trash = join(parent, `.removed-${randomBytes(6).toString('hex')}`);
  try {
    await rename(directory, trash);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  await rm(trash, { recursive: true, force: true });
}

async function present(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
