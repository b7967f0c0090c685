import { rm } from 'node:fs/promises';
import { isAlive, terminate } from '../process/identity.ts';
import { markedProcesses } from '../process/marked.ts';
import { readJson } from '../state/atomic-file.ts';
import type { WorkspacePaths } from '../state/directories.ts';
import type { ServerRecord } from '../state/record.ts';
import { drainGraceMs } from './timing.ts';

export type AdoptableServer = ServerRecord & { readonly endpoint: string };

/** The server that a dead supervisor left: it runs, serves this very Plan, and its endpoint is known. */
export async function findServer(paths: WorkspacePaths, inputsHash: string): Promise<AdoptableServer | undefined> {
  const record = await readJson<ServerRecord>(paths.server).catch(() => undefined);
  if (record === undefined || record.inputsHash !== inputsHash || !isAlive(record)) return undefined;
  const { endpoint } = record;
  return endpoint === undefined ? undefined : { ...record, endpoint };
}

/** Ends every other server of this Workspace, recorded or only marked, so that there is never a second one. */
export async function endOtherServers(paths: WorkspacePaths, kept: ServerRecord | undefined): Promise<void> {
  const record = await readJson<ServerRecord>(paths.server).catch(() => undefined);
  const found = [...(record === undefined ? [] : [record]), ...markedProcesses(paths.directory)];
  await Promise.all(found.filter(({ pid }) => pid !== kept?.pid).map((other) => terminate(other, drainGraceMs)));
  if (kept === undefined) await rm(paths.server, { force: true });
}
