import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@kaito/kube';
import { attachedDriver } from '../driver/attached.ts';
import type { Driver } from '../driver/driver.ts';

/** The driver for the lab that a cluster test runs inside. @throws Error outside one */
export function labAround(): Driver {
  const { KUBECONFIG: kubeconfig, KAITO_LAB_DIRECTORY: directory } = process.env;
  if (kubeconfig === undefined || directory === undefined)
    throw new Error('run it inside a lab: npm run -s lab -- run -- vitest run --project cluster lab/azure');
  const binaries = readFileSync(join(directory, 'binaries'), 'utf8');
  return attachedDriver({ kubeconfig, binaries, clock: systemClock, logger: silentLogger });
}
