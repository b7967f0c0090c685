import { AzureError, type Identity, type ManagedCluster } from '@kaito/azure';
import { isNotFound } from '@kaito/kube';
import { nodeClaims } from '../../cluster/resources.ts';
import { type ExitCode, failure } from '../../failure.ts';
import type { Format } from '../../output.ts';
import type { Session } from '../../session.ts';
import { type AksFlags, managedClusterOf, withKubernetes } from '../cluster.ts';
import { groupAndName, quoted, subscriptionNote } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { addOnIdentityOf, ownIdentityOf, provisionerName, releaseName, subjectIn } from '../names.ts';
import { ownRole } from '../own-role.ts';
import { bill, isKaitoPool, poolText } from '../pools.ts';
import { groupScopeOf, nameOf, resourceGroupOf, sameName } from '../resource-id.ts';
import { contributor, type Need, needsOf } from '../rights.ts';
import { chooseIdentity, type IdentityChoice, isMadeBySetup } from '../setup/identity.ts';
import { carryOut } from '../steps/carry-out.ts';
import type { Step } from '../steps/step.ts';

export interface TeardownFlags extends AksFlags {
  readonly identity?: string;
  readonly namespace?: string;
  readonly leaveMachines?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly output?: Format;
}

/** `kaito azure teardown`: takes away what setup has made, and nothing else. Throws Failure MachinesLeft while KAITO has machines. */
export async function teardown(session: Session, azure: AzureAccess, flags: TeardownFlags): Promise<ExitCode> {
  const cluster = await managedClusterOf(azure, flags);
  const left = await machinesLeft(session, azure, cluster, flags);
  if (left !== undefined && flags.leaveMachines !== true)
    throw failure(
      'MachinesLeft',
      `${left}; without the provisioner's identity nobody would give them back.`,
      'Delete the Workspaces first: kubectl delete workspaces.kaito.sh --all -A. To go on all the same: --leave-machines.',
    );
  const identity = await chooseIdentity(azure, cluster, flags);
  return await carryOut(
    session,
    {
      title: `Take away what kaito azure setup has made for the AKS cluster ${cluster.name}`,
      steps: await stepsFor(azure, cluster, identity, flags),
      question: 'Delete these?',
      notes: [...subscriptionNote(flags), ...(left === undefined ? [] : [`${left}; nobody gives them back`])],
      next: [
        cluster.aiToolchainOperator
          ? `The add-on itself stays; it is switched off with: az aks update ${groupAndName(flags)} --disable-ai-toolchain-operator`
          : `KAITO itself stays in the cluster; it is uninstalled with: helm uninstall ${releaseName} -n NAMESPACE`,
      ],
    },
    flags,
  );
}

/** The machines of KAITO that are there, and what they cost; undefined: none. */
async function machinesLeft(
  session: Session,
  azure: AzureAccess,
  cluster: ManagedCluster,
  flags: TeardownFlags,
): Promise<string | undefined> {
  const pools = (await azure.agentPools(flags).list()).filter(isKaitoPool);
  const claims = await withKubernetes(session, cluster, flags, async (side) => {
    if (side.cluster === undefined) return [];
    const { items } = await side.cluster.client.list(nodeClaims).catch((error: unknown) => {
      if (isNotFound(error)) return { items: [] };
      throw error;
    });
    return items.map(({ metadata }) => metadata.name ?? '').filter((name) => !pools.some((pool) => pool.name === name));
  });
  if (pools.length + claims.length === 0) return undefined;
  const parts = [
    ...(pools.length === 0
      ? []
      : [`agent pools of KAITO are there and cost ${bill(pools)}: ${pools.map(poolText).join(', ')}`]),
    ...(claims.length === 0 ? [] : [`NodeClaims are there: ${claims.join(', ')}`]),
  ];
  return parts.join('; ');
}

async function stepsFor(
  azure: AzureAccess,
  cluster: ManagedCluster,
  identity: IdentityChoice,
  flags: TeardownFlags,
): Promise<readonly Step[]> {
  const needs = needsOf(cluster);
  const roles = await Promise.all(needs.map((need) => roleStep(azure, need)));
  const { found } = identity;
  if (found === undefined)
    return [
      { name: 'identity', state: 'already', says: `there is no identity ${identity.name}`, commands: [] },
      ...roles,
    ];
  const federated = await azure.identities.federatedCredentials(identity.resourceGroup, identity.name);
  const ours = federated.filter(({ subject }) =>
    flags.namespace === undefined ? subject.endsWith(`:${provisionerName}`) : subject === subjectIn(flags.namespace),
  );
  return [
    ...(await assignmentSteps(azure, cluster, needs, identity)),
    ...ours.map(({ name, subject }): Step => {
      const { resourceGroup, name: of } = identity;
      return {
        name: 'federation',
        state: 'todo',
        says: `delete the federated credential ${name} of ${of}, for ${subject}`,
        commands: [
          `az identity federated-credential delete --name ${quoted(name)} --identity-name ${quoted(of)} -g ${quoted(resourceGroup)} --yes`,
        ],
        run: async () => {
          await azure.identities.deleteFederatedCredential(resourceGroup, of, name);
          return `deleted the federated credential ${name}`;
        },
      };
    }),
    ...roles,
    identityStep(azure, cluster, identity, found, federated.length - ours.length),
  ];
}

/** Role assignments as setup makes them: of its roles, at its scopes, to this identity. */
async function assignmentSteps(
  azure: AzureAccess,
  cluster: ManagedCluster,
  needs: readonly Need[],
  { name, found }: IdentityChoice,
): Promise<readonly Step[]> {
  const given = [
    ...needs.flatMap(({ scope, custom, builtIn }) =>
      [custom.roleName, custom.otherName, builtIn.roleName].map((roleName) => ({ scope, roleName })),
    ),
    { scope: groupScopeOf(cluster.id), roleName: contributor.roleName },
  ];
  const steps = await Promise.all(
    given.map(async ({ scope, roleName }): Promise<readonly Step[]> => {
      const [role, there] = await Promise.all([
        azure.authorization.findRole(scope, roleName),
        azure.authorization.assignments(scope),
      ]);
      if (role === undefined) return [];
      const held = there.filter(
        (each) =>
          sameName(each.scope, scope) &&
          sameName(each.principalId, found?.principalId ?? '') &&
          sameName(nameOf(each.roleDefinitionId), nameOf(role.id)),
      );
      return held.map(({ id }) => ({
        name: 'role assignment',
        state: 'todo',
        says: `take the role ${roleName} on ${nameOf(scope)} from ${name}`,
        commands: [`az role assignment delete --ids ${quoted(id)}`],
        run: async () => {
          await azure.authorization.unassign(id);
          return `took the role ${roleName} on ${nameOf(scope)} from ${name}`;
        },
      }));
    }),
  );
  return steps.flat();
}

async function roleStep(azure: AzureAccess, need: Need): Promise<Step> {
  const role = await ownRole(azure, need);
  const roleName = role?.roleName ?? need.custom.roleName;
  if (role === undefined) return { name: 'role', state: 'already', says: `there is no role ${roleName}`, commands: [] };
  return {
    name: 'role',
    state: 'todo',
    says: `delete the role ${roleName}, unless it is given to others too`,
    commands: [`az role definition delete --name ${quoted(roleName)}`],
    run: async () => {
      try {
        await azure.authorization.deleteRole(role.id);
        return `deleted the role ${roleName}`;
      } catch (error) {
        if (error instanceof AzureError && error.azureCode === 'RoleDefinitionHasAssignments')
          return `kept the role ${roleName}: others have it`;
        throw error;
      }
    },
  };
}

/** The identity goes where it is the one that setup makes by itself, setup has made it, and nobody else uses it. */
function identityStep(
  azure: AzureAccess,
  cluster: ManagedCluster,
  { resourceGroup, name }: IdentityChoice,
  found: Identity,
  others: number,
): Step {
  const stays = (why: string): Step => ({
    name: 'identity',
    state: 'already',
    says: `${name} stays: ${why}`,
    commands: [],
  });
  if (sameName(name, addOnIdentityOf(cluster.name))) return stays("it is of AKS' managed add-on");
  const deletion = `to delete it: az identity delete ${groupAndName({ resourceGroup, name })}`;
  if (!sameName(name, ownIdentityOf(cluster.name)) || !sameName(resourceGroupOf(found.id), resourceGroupOf(cluster.id)))
    return stays(`you have chosen it; ${deletion}`);
  if (!isMadeBySetup(found)) return stays(`it has no tag that says that setup made it; ${deletion}`);
  if (others > 0) return stays(`it has ${others} other federated ${others === 1 ? 'credential' : 'credentials'}`);
  return {
    name: 'identity',
    state: 'todo',
    says: `delete the managed identity ${name} in resource group ${resourceGroup}`,
    commands: [`az identity delete ${groupAndName({ resourceGroup, name })}`],
    run: async () => {
      await azure.identities.delete(resourceGroup, name);
      return `deleted the managed identity ${name}`;
    },
  };
}
