import { type PlanOptions, planWith } from '../../commands/plan.ts';
import { type ExitCode, usage } from '../../failure.ts';
import type { Session } from '../../session.ts';
import type { Cluster } from '../connect.ts';
import { factsOfCloud } from '../../azure/plan/cloud-facts.ts';
import { factsOfCluster } from '../nodes.ts';

/** `kaito plan` on a cluster: with the nodes that it has, and what its cloud offers where the person's login reaches it. */
export async function plan(
  session: Session,
  cluster: Cluster,
  preset: string | undefined,
  options: PlanOptions,
): Promise<ExitCode> {
  if (options.target === 'local')
    throw usage(
      `--target local contradicts acting ${cluster.where}.`,
      'Leave --target out, or act on this machine: kaito use local.',
    );
  const [facts, cloud] = await Promise.all([factsOfCluster(cluster, session.now()), factsOfCloud(session, cluster)]);
  return planWith(session, preset, options, { target: 'cluster', facts: { ...facts, cloud } });
}
