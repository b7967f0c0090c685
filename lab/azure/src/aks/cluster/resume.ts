import type { Resource } from '../../store/store.ts';
import { isAddonEnabled, settleAddon } from '../addon/settle.ts';
import type { AksDeps } from '../deps.ts';
import { clusterType } from '../names.ts';
import { isStopped } from '../serialisation.ts';
import { startControlPlane } from './control-plane.ts';

const isSettled = (cluster: Resource): boolean =>
  !isStopped(cluster) && ['Succeeded', 'Failed'].includes(String(cluster.properties['provisioningState']));

/**
 * Takes clusters up as an earlier run of the emulator left them: control planes may have ended with the machine, and nodes been left behind. One that
 * an operation is about is the operation's.
 */
export async function resumeClusters(deps: AksDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(
    deps.store
      .list('', clusterType)
      .filter(isSettled)
      .map(async (cluster) => {
        try {
          const start = await startControlPlane(deps, cluster);
          await deps.converge(cluster.id, signal);
          if (start === 'made' && isAddonEnabled(cluster.properties) && !signal.aborted)
            await settleAddon(deps, cluster, 'install', signal);
        } catch (error) {
          if (!signal.aborted)
            deps.logger.log('error', 'a cluster could not be taken up again', { cluster: cluster.id, error });
        }
      }),
  );
}
