import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ControlPlane,
  type RegistryAccess,
  acrCredentialProvider,
  addRealNode,
  attach,
  ensureAcrCredentialProvider,
  kubectl,
  realNodeNames,
  removeRealNode,
  runsIn,
} from '@kaito/lab-kubernetes';
import { partsOf } from '../names.ts';
import type { ClusterSpec, RealMachines } from './driver.ts';
import type { Cloud } from './lab.ts';

/** The control planes whose folders lie in `directory`, as far as they run. */
export function runningPlanes(directory: string): readonly ControlPlane[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .map((uid) => join(directory, uid))
    .filter((folder) => runsIn(folder))
    .map((folder) => attach(folder));
}

/** Machines that are real nodes of a lab: they pull images by the cloud's own host names, as the cluster's kubelet identity. */
export function realMachines(
  planeOf: (cluster: ClusterSpec) => ControlPlane,
  cloud: Cloud,
  progress: (line: string) => void,
): RealMachines {
  async function access(plane: ControlPlane, cluster: ClusterSpec): Promise<RegistryAccess> {
    const { tenantId, kubeletClientId: clientId = '' } = cluster;
    const { subscriptionId } = partsOf(cluster.id);
    const folder = join(plane.directory, 'credential-provider');
    const programs = await ensureAcrCredentialProvider(progress);
    return {
      authorities: [cloud.authority],
      credentialProvider: acrCredentialProvider(folder, programs, { clientId, tenantId, subscriptionId }),
    };
  }

  return {
    running: (cluster) => realNodeNames(planeOf(cluster)),
    async boot(cluster, machine) {
      const plane = planeOf(cluster);
      await addRealNode(plane, { ...machine, registry: await access(plane, cluster) }, progress);
    },
    async remove(cluster, name) {
      const plane = planeOf(cluster);
      try {
        await removeRealNode(plane, name);
      } catch (error) {
        // As AKS does after its patience: pods that cannot be evicted go with the machine.
        progress(`${name} could not be drained: ${error instanceof Error ? error.message : String(error)}`);
        await removeRealNode(plane, name, { abruptly: true });
        await kubectl(plane, ['delete', 'node', name, '--ignore-not-found', '--wait=false']);
      }
    },
    kill: (cluster, name) => removeRealNode(planeOf(cluster), name, { abruptly: true }),
  };
}
