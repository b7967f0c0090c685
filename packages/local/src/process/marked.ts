import { readFileSync, readdirSync } from 'node:fs';
import { type ProcessIdentity, identify } from './identity.ts';

/** The variable by which a server is known to belong to a Workspace, even if its supervisor died before it could note the pid. */
export const markerVariable = 'KAITO_LOCAL_WORKSPACE';

/**
 * This user's processes whose environment carries the marker with this value. Linux only (it reads `/proc`); elsewhere empty, and the
 * recorded pid is all there is.
 */
export function markedProcesses(marker: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  const wanted = `${markerVariable}=${marker}`;
  const found: ProcessIdentity[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(wanted)) continue;
    } catch {
      continue;
    }
    const identity = identify(pid);
    if (identity !== undefined) found.push(identity);
  }
  return found;
}
