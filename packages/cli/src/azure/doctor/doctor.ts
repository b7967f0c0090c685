import type { ManagedCluster } from '@kaito/azure';
import { apiServerChecks } from '../../cluster/doctor/api-server.ts';
import { machineChecks } from '../../cluster/doctor/machines.ts';
import { operatorChecks } from '../../cluster/doctor/operator.ts';
import { webhookCheck } from '../../cluster/doctor/webhook.ts';
import { Failure, type ExitCode } from '../../failure.ts';
import type { Format } from '../../output.ts';
import type { Session } from '../../session.ts';
import { type KubernetesSide, managedClusterOf, withKubernetes } from '../cluster.ts';
import { againFlags } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { explained } from '../explain.ts';
import { aksChecks } from './aks.ts';
import { type AzureCheck, report } from './check.ts';
import { identityChecks, type IdentityFlags } from './identity.ts';
import { machineTypeChecks } from './machines.ts';
import { lookAtProvisioner, type ProvisionerSeen } from './provisioner.ts';
import { registryChecks } from './registries.ts';
import { nothingWanted, type Wants, wantsOf } from './wants.ts';

export interface DoctorFlags extends IdentityFlags {
  readonly machine?: readonly string[];
  readonly registry?: readonly string[];
  readonly output?: Format;
}

/** `kaito azure doctor`: looks at all that renting machines takes, at Azure and in the cluster, and changes nothing; exit code 1 when something fails. */
export async function doctor(session: Session, azure: AzureAccess, flags: DoctorFlags): Promise<ExitCode> {
  const { output } = flags;
  const again = `kaito azure doctor ${againFlags(flags)}`;
  const fine = `Machines can be rented for the Workspaces of ${flags.name}.`;
  let cluster: ManagedCluster;
  try {
    cluster = await managedClusterOf(azure, flags);
  } catch (error) {
    const why = explained(error);
    if (!(why instanceof Failure)) throw error;
    const remedy = why.findings[0]?.remedy;
    return await report(
      session,
      [{ name: 'cluster', state: 'failed', found: why.message, ...(remedy != null && { remedy }) }],
      { output, fine, again },
    );
  }
  const checks = await withKubernetes(
    session,
    cluster,
    flags,
    async (side) => await allChecks(session, azure, { cluster, side, flags }),
  );
  return await report(session, checks, { output, fine, again });
}

interface Look {
  readonly cluster: ManagedCluster;
  readonly side: KubernetesSide;
  readonly flags: DoctorFlags;
}

async function allChecks(
  session: Session,
  azure: AzureAccess,
  { cluster, side, flags }: Look,
): Promise<readonly AzureCheck[]> {
  const inside = await insideChecks(session, cluster, side, flags);
  const wanted = new Map(inside.wants.machines);
  for (const machine of flags.machine ?? []) wanted.set(machine, Math.max(1, wanted.get(machine) ?? 0));
  const [identity, machines, registries] = await Promise.all([
    identityChecks(azure, cluster, inside.provisioner, flags),
    machineTypeChecks(azure, cluster.location, wanted, () => azure.agentPools(flags).list()),
    registryChecks(azure, cluster, inside.wants.images, flags),
  ]);
  // A cause stands before what follows from it: the provisioner's pods end where the identity is not as it should be.
  return [
    ...aksChecks(cluster, flags),
    ...identity,
    ...inside.provisioner.checks,
    ...machines,
    ...registries,
    ...inside.checks,
  ];
}

interface Inside {
  readonly provisioner: ProvisionerSeen;
  readonly wants: Wants;
  readonly checks: readonly AzureCheck[];
}

async function insideChecks(
  session: Session,
  managed: ManagedCluster,
  { cluster, ...unseen }: KubernetesSide,
  flags: DoctorFlags,
): Promise<Inside> {
  if (cluster === undefined) {
    const { reason = '', remedy } = unseen as { readonly reason?: string; readonly remedy?: string };
    const found = `provisioner, operator, webhook and Workspaces are not looked at: ${reason}`;
    return {
      provisioner: { checks: [] },
      wants: nothingWanted,
      checks: [{ name: 'in the cluster', state: 'unknown', found, ...(remedy != null && { remedy }) }],
    };
  }
  const now = session.now();
  const first = await apiServerChecks(cluster);
  const provisioner = await lookAtProvisioner(cluster, managed, flags);
  if (!first.installed) return { provisioner, wants: nothingWanted, checks: first.checks };
  const [wants, operator, webhook, machines] = await Promise.all([
    wantsOf(cluster),
    operatorChecks(cluster, now, `kaito azure setup ${againFlags(flags)} --take-over`),
    webhookCheck(cluster, cluster.namespace),
    machineChecks(cluster, now),
  ]);
  return { provisioner, wants, checks: [...first.checks, ...operator, webhook, ...machines] };
}
