import { join } from 'node:path';
import { cacheRoot } from '@kaito/lab-kubernetes';
import type { Prepared } from './prepare.ts';

/** Name of the emulator that `--keep` leaves running. */
export const kept = 'walkthrough';

const folder = join(cacheRoot(), 'lab', 'walkthrough');

/** Where the transcript of the last run lies, unless it was to be elsewhere. */
export const transcriptFile = join(folder, 'transcript.md');

/** How the emulator of a walkthrough is started. */
export function emulatorFlags({ images, addonValues }: Prepared): readonly string[] {
  return [
    '--names=public',
    '--kubernetes=lab',
    '--real-nodes',
    // Long enough to be seen, for one who waits on it.
    '--operation-seconds=0.2',
    `--images=${images}`,
    `--addon-values=${addonValues}`,
    `--log=${join(folder, 'azure.log')}`,
  ];
}
