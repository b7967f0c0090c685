import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCgroups } from './leftovers.ts';

/** A folder for temporary files that goes with this process, however this process ends. */
export interface Keeper {
  readonly directory: string;
  /** Removes the folder, and waits for that. */
  release(): Promise<void>;
}

/** Waits for the end of its standard input, which comes with its parent's; what still writes into the folder is on its way out then. The
 * cgroups of real nodes that it names, `clusters/UID/nodes-MARK`, go too: those who would remove them are in a process namespace that has ended. */
const script = `
read -r _
find "$0" -maxdepth 4 -type d -path '*/clusters/*' -name 'nodes-*' 2>/dev/null | while read -r nodes; do
  sh "$1" "/kaito-lab-\${nodes##*/nodes-}"
done
left=100
until rm -rf "$0" 2>/dev/null || [ $((left -= 1)) = 0 ]; do sleep 0.1; done`;

export function keepFolder(prefix: string): Keeper {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  // In a session of its own: what is sent to this one's processes together does not reach it.
  const child = spawn('sh', ['-c', script, directory, removeCgroups], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = once(child, 'exit');
  child.stdin.on('error', () => {});
  return {
    directory,
    async release() {
      child.stdin.end();
      await gone;
    },
  };
}
