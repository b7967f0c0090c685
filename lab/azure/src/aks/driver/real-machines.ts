import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ControlPlane,
  addRealNode,
  attach,
  kubectl,
  realNodeNames,
  removeRealNode,
  runsIn,
} from '@kaito/lab-kubernetes';
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
  return {
    running: (cluster) => realNodeNames(planeOf(cluster)),
    async boot(cluster, machine) {
      await addRealNode(planeOf(cluster), { ...machine, registry: { authorities: [cloud.authority] } }, progress);
    },
    async remove(cluster, name) {
      const plane = planeOf(cluster);
      try {
        await removeRealNode(plane, name);
      } catch (error) {
        // As AKS does after its patience: pods that cannot be evicted go with the machine.
        progress(`${name} could not be drained: ${error instanceof Error ? error.message : String(error)}`);
        await removeRealNode(plane, name, { abruptly: true });
        await kubectl(plane, ['delete', 'node', name, '--ignore-not-found']);
      }
    },
    kill: (cluster, name) => removeRealNode(planeOf(cluster), name, { abruptly: true }),
  };
}
