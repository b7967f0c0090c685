import { setTimeout as pause } from 'node:timers/promises';

/** Waits for what no watch tells, e.g. of a cloud in memory. @throws Error after a minute */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_200; turn += 1) {
    if (holds()) return;
    await pause(50);
  }
  throw new Error(`not so within a minute: ${holds.toString()}`);
}
