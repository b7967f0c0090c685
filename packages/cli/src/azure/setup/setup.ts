import type { ManagedCluster } from '@kaito/azure';
import type { Cluster } from '../../cluster/connect.ts';
import { type ExitCode, exitCode, failure, usage } from '../../failure.ts';
import type { Session } from '../../session.ts';
import { type KubernetesSide, managedClusterOf, withKubernetes } from '../cluster.ts';
import { groupAndName, subscriptionNote } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { addOnNamespace, ownNamespace } from '../names.ts';
import { carryOut } from '../steps/carry-out.ts';
import { azureSteps } from './azure-steps.ts';
import { installStep, nextOf, offerInstall } from './install.ts';
import type { Setup, SetupFlags, SetupTools } from './options.ts';
import { takeOver } from './take-over.ts';

/** `kaito azure setup`: identity, role, federation and Helm values for an AKS cluster; with `--take-over` another KAITO's place. Idempotent. */
export async function setup(
  session: Session,
  azure: AzureAccess,
  flags: SetupFlags,
  tools: SetupTools,
): Promise<ExitCode> {
  const cluster = await managedClusterOf(azure, flags);
  requireSense(cluster, flags, tools);
  const managedAddOn = cluster.aiToolchainOperator && flags.takeOver !== true;
  const of: Setup = {
    session,
    azure,
    flags,
    tools,
    cluster,
    managedAddOn,
    namespace: flags.namespace ?? (managedAddOn ? addOnNamespace : ownNamespace),
    values: flags.values ?? `kaito-${cluster.name}-values.yaml`,
  };
  if (flags.takeOver !== true && flags.install !== true) return await carriedOut(of);
  return await withKubernetes(session, cluster, flags, (side) => carriedOut(of, side));
}

/** Throws Failure for what cannot be, before anything is looked at. */
function requireSense(cluster: ManagedCluster, flags: SetupFlags, { programs }: SetupTools): void {
  if (cluster.powerState === 'Stopped')
    throw failure('ClusterStopped', `The cluster ${cluster.name} is stopped.`, `az aks start ${groupAndName(flags)}`);
  if (cluster.aiToolchainOperator && flags.takeOver !== true && (flags.values != null || flags.install === true))
    throw usage(
      `AKS' managed add-on is the KAITO of ${cluster.name}; there is nothing for Helm to install.`,
      'Leave --values and --install out, or replace the add-on: --take-over.',
    );
  // Whoever switches another KAITO off has to be able to install this one.
  if (flags.takeOver === true && flags.dryRun !== true && !programs.has('helm'))
    throw failure(
      'HelmMissing',
      'helm is not on the PATH, and it installs what takes over.',
      'Install Helm: https://helm.sh/docs/intro/install/.',
    );
}

/** `side` is given where something is done in the cluster itself. */
async function carriedOut(of: Setup, side?: KubernetesSide): Promise<ExitCode> {
  const { session, flags, cluster, managedAddOn } = of;
  const there = side === undefined ? undefined : reached(side, flags);
  const taken = flags.takeOver === true && there !== undefined ? await takeOver(there, of) : { steps: [], notes: [] };
  const steps = [...(await azureSteps(of)), ...taken.steps, ...(side === undefined ? [] : [installStep(of, there)])];
  const code = await carryOut(
    session,
    {
      title: `${flags.takeOver === true ? 'Take over' : 'Set up'} KAITO on the AKS cluster ${cluster.name}, ${cluster.location}`,
      steps,
      notes: [...subscriptionNote(flags), ...taken.notes],
      question: 'Do this?',
      next: nextOf(of, side !== undefined),
    },
    flags,
  );
  const mayOffer = code === exitCode.done && flags.dryRun !== true && flags.yes !== true;
  if (mayOffer && side === undefined && !managedAddOn) await offerInstall(of);
  return code;
}

/** The cluster itself. A dry run of an installation does without it. Throws Failure NoCluster. */
function reached(side: KubernetesSide, { takeOver, dryRun }: SetupFlags): Cluster | undefined {
  if (side.cluster !== undefined || (dryRun === true && takeOver !== true)) return side.cluster;
  throw failure('NoCluster', `To install there, the cluster itself has to be reached: ${side.reason}`, side.remedy);
}
