import { type Check, report } from '../../doctor/check.ts';
import type { ExitCode } from '../../failure.ts';
import type { Format } from '../../output.ts';
import type { Session } from '../../session.ts';
import { refuseFlags } from '../../workspace/target.ts';
import type { Cluster } from '../connect.ts';
import { apiServerChecks } from '../doctor/api-server.ts';
import { machineChecks } from '../doctor/machines.ts';
import { operatorChecks } from '../doctor/operator.ts';
import { rightsChecks } from '../doctor/rights.ts';
import { webhookCheck } from '../doctor/webhook.ts';
import { workspaceChecks } from '../doctor/workspaces.ts';

export interface DoctorFlags {
  readonly namespace?: string;
  readonly network?: boolean;
  readonly output?: Format;
}

/** `kaito doctor` on a cluster: looks at all that Workspaces need there, and changes nothing; exit code 1 when something fails. */
export async function doctor(session: Session, cluster: Cluster, options: DoctorFlags): Promise<ExitCode> {
  refuseFlags(options, ['--network'], 'on a cluster');
  const namespace = options.namespace ?? cluster.namespace;
  const now = session.now();
  const first = await apiServerChecks(cluster);
  const checks: Check[] = [...first.checks];
  if (first.installed) {
    const [rights, operator, webhook, machines, workspaces] = await Promise.all([
      rightsChecks(cluster, namespace, first.user),
      operatorChecks(cluster, now),
      webhookCheck(cluster, namespace),
      machineChecks(cluster, now),
      workspaceChecks(cluster),
    ]);
    checks.push(...rights, ...operator, webhook, ...machines, ...workspaces);
  }
  return report(session, checks, { output: options.output, fine: `Workspaces can run ${cluster.where}.` });
}
