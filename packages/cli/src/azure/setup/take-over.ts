import type { Cluster } from '../../cluster/connect.ts';
import type { Step } from '../steps/step.ts';
import { inventoryOf } from '../take-over/find.ts';
import { staying } from '../take-over/staying.ts';
import { takeOverSteps } from '../take-over/steps.ts';
import type { Setup } from './options.ts';

/** The steps that put this KAITO in the place of another, and what they leave as it is. */
export async function takeOver(
  there: Cluster,
  { session, tools, cluster, azure, flags, namespace }: Setup,
): Promise<{ readonly steps: readonly Step[]; readonly notes: readonly string[] }> {
  const [inventory, pools] = await Promise.all([inventoryOf(there, namespace), azure.agentPools(flags).list()]);
  // Never over an older copy, which may hold more.
  const stamp = new Date(session.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const backupFile = `kaito-${cluster.name}-backup-${stamp}.yaml`;
  const alone = !cluster.aiToolchainOperator && inventory.neighbours.length + inventory.webhooks.length === 0;
  return {
    steps: takeOverSteps(inventory, { cluster: there, managed: cluster, programs: tools.programs, backupFile }),
    notes: [...(alone ? [`there is no other KAITO ${there.where}, or not any more`] : []), staying(inventory, pools)],
  };
}
