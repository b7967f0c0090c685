import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Identity, ManagedCluster } from '@kaito/azure';
import { withCommandName } from '../../program/command-name.ts';
import { type ExitCode, exitCode, failure, usage } from '../../failure.ts';
import { type Format, isData } from '../../output.ts';
import type { Session } from '../../session.ts';
import { confirm } from '../../terminal/confirm.ts';
import { type AksFlags, type KubernetesSide, managedClusterOf, withKubernetes } from '../cluster.ts';
import { againFlags, groupAndName, lineOf, subscriptionNote } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { addOnNamespace, ownNamespace, provisionerName } from '../names.ts';
import { type Programs, programsOf } from '../programs.ts';
import { groupScopeOf } from '../resource-id.ts';
import { needsOf } from '../rights.ts';
import { carryOut } from '../steps/carry-out.ts';
import type { Step } from '../steps/step.ts';
import { inventoryOf } from '../take-over/find.ts';
import { takeOverSteps } from '../take-over/steps.ts';
import { staying } from '../take-over/staying.ts';
import { federationStep } from './federation.ts';
import { chooseIdentity, identityStep } from './identity.ts';
import { helmCommand } from './install.ts';
import { issuerStep } from './issuer.ts';
import { contributorStep, roleSteps, type RoleTools } from './roles.ts';
import { valuesOf, valuesStep } from './values.ts';

export interface SetupFlags extends AksFlags {
  readonly contributor?: boolean;
  readonly identity?: string;
  readonly namespace?: string;
  readonly values?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly takeOver?: boolean;
  readonly install?: boolean;
  readonly output?: Format;
}

/** What setup reaches beside Azure; replaced in tests. */
export interface SetupTools {
  readonly programs: Programs;
  readonly pause: (ms: number) => Promise<void>;
  /** Where the person is. */
  readonly directory: string;
  /** PEM of the authorities that this process trusts beside the usual ones. */
  readonly authorities?: string | undefined;
}

export function setupTools(session: Session): SetupTools {
  const extra = session.terminal.env['NODE_EXTRA_CA_CERTS'];
  return {
    programs: programsOf(session),
    pause: async (ms) => void (await sleep(ms)),
    directory: process.cwd(),
    authorities: extra != null && existsSync(extra) ? readFileSync(extra, 'utf8') : undefined,
  };
}

/** `kaito azure setup`: identity, role, federation and Helm values for an AKS cluster; with `--take-over` another KAITO's place. Idempotent. */
export async function setup(
  session: Session,
  azure: AzureAccess,
  flags: SetupFlags,
  tools: SetupTools,
): Promise<ExitCode> {
  const cluster = await managedClusterOf(azure, flags);
  if (cluster.powerState === 'Stopped')
    throw failure('ClusterStopped', `The cluster ${cluster.name} is stopped.`, `az aks start ${groupAndName(flags)}`);
  const managedAddOn = cluster.aiToolchainOperator && flags.takeOver !== true;
  if (managedAddOn && (flags.values != null || flags.install === true))
    throw usage(
      `AKS' managed add-on is the KAITO of ${cluster.name}; there is nothing for Helm to install.`,
      'Leave --values and --install out, or replace the add-on: --take-over.',
    );
  // Whoever switches another KAITO off has to be able to install this one.
  if (flags.takeOver === true && flags.dryRun !== true && !tools.programs.has('helm'))
    throw failure(
      'HelmMissing',
      'helm is not on the PATH, and it installs what takes over.',
      'Install Helm: https://helm.sh/docs/intro/install/.',
    );
  if (flags.takeOver === true)
    return await withKubernetes(session, cluster, flags, (side) =>
      carriedOut({ session, azure, flags, tools, cluster, managedAddOn, side }),
    );
  return await carriedOut({ session, azure, flags, tools, cluster, managedAddOn });
}

interface Setup {
  readonly session: Session;
  readonly azure: AzureAccess;
  readonly flags: SetupFlags;
  readonly tools: SetupTools;
  readonly cluster: ManagedCluster;
  readonly managedAddOn: boolean;
  readonly side?: KubernetesSide;
}

async function carriedOut(setup: Setup): Promise<ExitCode> {
  const { session, flags, tools, cluster, managedAddOn } = setup;
  const namespace = flags.namespace ?? (managedAddOn ? addOnNamespace : ownNamespace);
  const values = flags.values ?? `kaito-${cluster.name}-values.yaml`;
  const helm = helmCommand({
    from: tools.directory,
    namespace,
    file: values,
    takeOwnership: flags.takeOver === true,
    ...(flags.context != null && { context: flags.context }),
    ...(flags.kubeconfig != null && { kubeconfig: flags.kubeconfig }),
  });
  const steps = [...(await azureSteps(setup, { namespace, values }))];
  const notes: string[] = [...subscriptionNote(flags)];
  if (setup.side !== undefined) {
    const taken = await takeOver(setup, namespace);
    steps.push(...taken.steps);
    notes.push(...taken.notes);
  }
  const installs = !managedAddOn && (flags.install === true || flags.takeOver === true);
  if (installs) steps.push(installStep(helm, tools));
  const code = await carryOut(
    session,
    {
      title: `${flags.takeOver === true ? 'Take over' : 'Set up'} KAITO on the AKS cluster ${cluster.name}, ${cluster.location}`,
      steps,
      notes,
      question: 'Do this?',
      next: nextOf({ managedAddOn, installs, helm, flags }).map((line) => withCommandName(line, session.terminal.env)),
    },
    flags,
  );
  const offered = code === exitCode.done && flags.dryRun !== true && !managedAddOn && !installs && flags.yes !== true;
  if (offered) await offerInstall(session, helm, tools, flags);
  return code;
}

async function azureSteps(
  { session, azure, flags, tools, cluster, managedAddOn }: Setup,
  of: { readonly namespace: string; readonly values: string },
): Promise<readonly Step[]> {
  const identity = await chooseIdentity(azure, cluster, flags);
  let made: Identity | undefined = identity.found;
  let issuer = cluster.oidcIssuer;
  const identityNow = () => made!;
  const roleTools: RoleTools = {
    azure,
    identity,
    identityNow,
    pause: tools.pause,
    mayWiden: async (warning) =>
      flags.yes === true || (await confirm(session, `Note that ${warning}. Go on?`, 'Agree beforehand: --yes.')),
  };
  const roles: Step[] = [];
  if (flags.contributor === true)
    roles.push(await contributorStep(groupScopeOf(cluster.id), `resource group ${flags.resourceGroup}`, roleTools));
  else for (const need of needsOf(cluster)) roles.push(...(await roleSteps(need, roleTools)));
  const { cloud, subscriptionId } = azure;
  return [
    issuerStep(azure, cluster, flags, tools.programs, (found) => (issuer = found)),
    identityStep(azure, cluster, identity, (found) => (made = found)),
    ...roles,
    await federationStep(azure, identity, { issuer, namespace: of.namespace, issuerLater: () => issuer! }),
    ...(managedAddOn
      ? []
      : [
          await valuesStep(
            of.values,
            () => valuesOf({ cloud, subscriptionId, cluster, identity: identityNow(), authorities: tools.authorities }),
            made !== undefined,
          ),
        ]),
  ];
}

async function takeOver({ session, side, tools, cluster, azure, flags }: Setup, namespace: string) {
  if (side?.cluster === undefined)
    throw failure(
      'NoCluster',
      `To take over, the cluster itself has to be reached: ${side?.reason ?? ''}`,
      side?.remedy,
    );
  const [inventory, pools] = await Promise.all([inventoryOf(side.cluster, namespace), azure.agentPools(flags).list()]);
  // Never over an older copy, which may hold more.
  const stamp = new Date(session.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const backupFile = `kaito-${cluster.name}-backup-${stamp}.yaml`;
  const alone = !cluster.aiToolchainOperator && inventory.neighbours.length + inventory.webhooks.length === 0;
  return {
    steps: takeOverSteps(inventory, { cluster: side.cluster, managed: cluster, programs: tools.programs, backupFile }),
    notes: [
      ...(alone ? [`there is no other KAITO ${side.cluster.where}, or not any more`] : []),
      staying(inventory, pools),
    ],
  };
}

function installStep(helm: readonly string[], { programs }: SetupTools): Step {
  return {
    name: 'install',
    state: programs.has('helm') ? 'todo' : 'by hand',
    says: 'install KAITO with Helm',
    commands: [lineOf(helm)],
    run: async () => {
      await programs.run(helm);
      return 'installed KAITO with Helm';
    },
  };
}

async function offerInstall(
  session: Session,
  helm: readonly string[],
  { programs }: SetupTools,
  flags: SetupFlags,
): Promise<void> {
  const { inIsTerminal, errIsTerminal } = session.terminal;
  if (!programs.has('helm') || !inIsTerminal || !errIsTerminal || isData(flags.output)) return;
  if (await confirm(session, 'Install KAITO with it now?', 'Agree beforehand: --install.')) await programs.run(helm);
}

function nextOf(of: {
  readonly managedAddOn: boolean;
  readonly installs: boolean;
  readonly helm: readonly string[];
  readonly flags: SetupFlags;
}): readonly string[] {
  const check = `Then check: kaito azure doctor ${againFlags(of.flags)}`;
  if (of.managedAddOn)
    return [
      `The add-on's provisioner comes up by itself; at once: kubectl rollout restart deployment/${provisionerName} -n ${addOnNamespace}`,
      check,
    ];
  if (of.installs) return [check.replace('Then check', 'Check')];
  const context = of.flags.context == null ? [`az aks get-credentials ${groupAndName(of.flags)}`] : [];
  return [
    'Install KAITO, after setting imageRegistry in the values to where its images are:',
    ...[...context, lineOf(of.helm)].map((line) => `  ${line}`),
    check,
  ];
}
