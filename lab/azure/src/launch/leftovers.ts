import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Removes a cgroup and those below it, from every hierarchy. */
export const removeCgroups = fileURLToPath(
  new URL('../../../kubernetes/src/real-nodes/remove-cgroups.sh', import.meta.url),
);

/**
 * Removes the cgroups of real nodes whose clusters ended with the emulator of a directory: those who would have done it were in its process
 * namespace.
 */
export function removeNodeCgroups(directory: string): void {
  for (const nodes of globSync(join(directory, 'clusters', '*', 'nodes-*')))
    execFileSync('sh', [removeCgroups, `/kaito-lab-${basename(nodes).replace(/^nodes-/, '')}`]);
}
