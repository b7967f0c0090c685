import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureGoPrograms, type GoPrograms, type Progress } from '@kaito/lab-kubernetes';

const sources = fileURLToPath(new URL('../../go', import.meta.url));

/** CNCF distribution, with no storage driver but the file system's. */
export const registryPrograms: GoPrograms = {
  sources,
  builds: [{ module: sources, packages: ['./registry'], ldflags: '-s -w' }],
};

/**
 * The path of the registry's program, built on first use (a minute).
 *
 * @throws LabError without a Go toolchain that is new enough, and when the build fails.
 */
export async function ensureRegistryProgram(progress: Progress): Promise<string> {
  return join(await ensureGoPrograms(registryPrograms, progress), 'registry');
}
