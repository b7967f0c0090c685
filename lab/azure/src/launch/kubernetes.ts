import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Logger } from '@kaito/kube';
import { LabError, attach, runsIn } from '@kaito/lab-kubernetes';
import { attachedDriver } from '../aks/driver/attached.ts';
import type { Driver } from '../aks/driver/driver.ts';
import { labDriver } from '../aks/driver/lab.ts';
import { noKubernetes } from '../aks/driver/none.ts';
import { authorityFile, wireSocket } from '../running-azure.ts';

/** `lab`: a control plane of its own for each cluster; `attached`: the lab that this runs in; `none`: none. */
export type KubernetesChoice = 'lab' | 'attached' | 'none';

/** Inside a lab its API server stands behind all clusters. */
export const defaultKubernetes = (): KubernetesChoice =>
  process.env['KAITO_LAB_DIRECTORY'] === undefined ? 'lab' : 'attached';

const clustersOf = (directory: string): string => join(directory, 'clusters');

/**
 * @param directory the emulator's
 * @param owned control planes of clusters end with this process
 * @throws LabError where there is no lab to attach to
 */
export function driverOf(
  choice: KubernetesChoice,
  directory: string,
  options: {
    readonly owned: boolean;
    /** Machines are real nodes. */
    readonly realNodes: boolean;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): Driver {
  const { owned, realNodes, clock, logger } = options;
  if (choice === 'none') return noKubernetes;
  if (choice === 'lab')
    return labDriver({
      directory: clustersOf(directory),
      owned,
      clock,
      logger,
      ...(realNodes && { cloud: { socket: wireSocket(directory), authority: authorityFile(directory) } }),
    });
  const { KUBECONFIG: kubeconfig, KAITO_LAB_DIRECTORY: lab } = process.env;
  if (kubeconfig === undefined || lab === undefined)
    throw new LabError(
      'there is no lab to attach to',
      'run it inside one: npm run lab -- run -- …, or exec; or choose --kubernetes lab',
    );
  return attachedDriver({ kubeconfig, binaries: readFileSync(join(lab, 'binaries'), 'utf8'), clock, logger });
}

/** Ends the control planes that clusters had, which would outlive the emulator. */
export async function endClusters(directory: string): Promise<void> {
  const home = clustersOf(directory);
  for (const name of existsSync(home) ? readdirSync(home) : []) {
    const folder = join(home, name);
    if (runsIn(folder)) await attach(folder).stop();
  }
}
