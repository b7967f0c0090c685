import { type FederatedCredential, type Identity, type ManagedCluster, rightsOf } from '@kaito/azure';
import type { AksFlags } from '../cluster.ts';
import { againFlags, quoted } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { permitted } from '../explain.ts';
import { addOnNamespace, audience, federatedCredentialName, ownNamespace, subjectIn } from '../names.ts';
import { nameOf, resourceGroupOf, sameName } from '../resource-id.ts';
import { ownRole } from '../own-role.ts';
import { excessOf, type Need, needsOf } from '../rights.ts';
import { federationCommand, trusts } from '../setup/federation.ts';
import { chooseIdentity } from '../setup/identity.ts';
import { assignmentCommand } from '../setup/roles.ts';
import { asCheck, type AzureCheck } from './check.ts';
import type { ProvisionerSeen } from './provisioner.ts';

export interface IdentityFlags extends AksFlags {
  readonly identity?: string;
  readonly namespace?: string;
}

/** The provisioner's identity: that it is there, that the cluster's ServiceAccount can be it, and what it may do. */
export async function identityChecks(
  azure: AzureAccess,
  cluster: ManagedCluster,
  seen: ProvisionerSeen,
  flags: IdentityFlags,
): Promise<readonly AzureCheck[]> {
  const name = 'identity';
  try {
    const { identity, check } = await find(azure, cluster, seen, flags);
    if (identity === undefined) return [check];
    const namespace =
      flags.namespace ?? seen.namespace ?? (cluster.aiToolchainOperator ? addOnNamespace : ownNamespace);
    const [federation, rights] = await Promise.all([
      federationCheck(azure, cluster, identity, namespace),
      rightsChecks(azure, cluster, identity, flags),
    ]);
    return [check, federation, ...rights];
  } catch (error) {
    return [asCheck(error, name)];
  }
}

async function find(
  azure: AzureAccess,
  cluster: ManagedCluster,
  { clientId }: ProvisionerSeen,
  flags: IdentityFlags,
): Promise<{ readonly identity?: Identity; readonly check: AzureCheck }> {
  const name = 'identity';
  const setup = `kaito azure setup ${againFlags(flags)}`;
  if (clientId !== undefined && flags.identity === undefined) {
    const identity = (await azure.identities.list()).find(
      (each) => each.clientId.toLowerCase() === clientId.toLowerCase(),
    );
    if (identity !== undefined) return { identity, check: ok(identity) };
    return {
      check: {
        name,
        state: 'failed',
        found: `the provisioner is set to client id ${clientId}, which no managed identity of the subscription has`,
        remedy: setup,
      },
    };
  }
  const chosen = await chooseIdentity(azure, cluster, flags);
  if (chosen.found !== undefined) return { identity: chosen.found, check: ok(chosen.found) };
  return {
    check: {
      name,
      state: 'failed',
      found: `there is no managed identity ${chosen.name} in resource group ${chosen.resourceGroup}`,
      remedy: setup,
    },
  };

  function ok(identity: Identity): AzureCheck {
    return {
      name,
      state: 'ok',
      found: `${identity.name} in resource group ${resourceGroupOf(identity.id)}, client id ${identity.clientId}`,
    };
  }
}

async function federationCheck(
  azure: AzureAccess,
  { oidcIssuer: issuer }: ManagedCluster,
  identity: Identity,
  namespace: string,
): Promise<AzureCheck> {
  const name = 'federation';
  const subject = subjectIn(namespace);
  const resourceGroup = resourceGroupOf(identity.id);
  try {
    const there = await azure.identities.federatedCredentials(resourceGroup, identity.name);
    if (issuer === undefined) return { name, state: 'unknown', found: 'the cluster has no issuer yet' };
    const right = there.find((each) => trusts(each, issuer, subject));
    if (right !== undefined) return { name, state: 'ok', found: `${right.name} lets ${subject} in` };
    const nearest =
      there.find((each) => each.subject === subject) ??
      there.find((each) => each.issuer === issuer) ??
      there.find((each) => each.name === federatedCredentialName);
    const command = {
      credential: nearest?.name ?? federatedCredentialName,
      identity: identity.name,
      resourceGroup,
      issuer: quoted(issuer),
      subject,
    };
    return {
      name,
      state: 'failed',
      found:
        nearest === undefined
          ? `${identity.name} lets nobody in: it has no federated credential for ${subject}`
          : difference(nearest, issuer, subject),
      remedy: federationCommand({ ...command, verb: nearest === undefined ? 'create' : 'update' }),
    };
  } catch (error) {
    return asCheck(error, name);
  }
}

/** What stands in a credential in place of what should. */
function difference(
  { name, issuer, subject, audiences }: FederatedCredential,
  wantedIssuer: string,
  wantedSubject: string,
): string {
  const parts = [
    ...(issuer === wantedIssuer ? [] : [`the issuer ${issuer}, and the cluster's is ${wantedIssuer}`]),
    ...(subject === wantedSubject ? [] : [`the subject ${subject}, and the provisioner is ${wantedSubject}`]),
    ...(audiences.includes(audience) ? [] : [`the audience ${audiences.join(', ')}, and tokens are for ${audience}`]),
  ];
  return `${name} names ${parts.join('; ')}`;
}

async function rightsChecks(
  azure: AzureAccess,
  cluster: ManagedCluster,
  identity: Identity,
  flags: AksFlags,
): Promise<readonly AzureCheck[]> {
  const name = 'rights';
  const all = await Promise.all(
    needsOf(cluster).map(async (need): Promise<readonly AzureCheck[]> => {
      try {
        const held = await azure.authorization.rightsOf(identity.principalId, need.scope);
        const missing = held.missing(need.actions);
        const role = await permitted(ownRole(azure, need));
        if (missing.length > 0)
          return [
            {
              name,
              state: 'failed',
              found: `on ${need.where} ${identity.name} lacks ${missing.join(', ')}`,
              remedy:
                role === undefined
                  ? `kaito azure setup ${againFlags(flags)}`
                  : assignmentCommand({
                      scope: need.scope,
                      roleName: role.roleName,
                      identity: { name: identity.name, resourceGroup: resourceGroupOf(identity.id), found: identity },
                    }),
            },
          ];
        const can = excessOf(held);
        const by = held.roles.join(', ');
        if (can.length === 0) return [{ name, state: 'ok', found: `what it needs on ${need.where}, by ${by}` }];
        const narrow = role !== undefined && held.roles.includes(role.roleName);
        return [
          {
            name,
            state: 'warning',
            found: `what it needs on ${need.where}, by ${by}; and it can also ${can.join(', ')}`,
            remedy: narrow
              ? await takeAwayCommand(azure, identity, need, held.roles)
              : `kaito azure setup ${againFlags(flags)}`,
          },
        ];
      } catch (error) {
        return [asCheck(error, name)];
      }
    }),
  );
  return all.flat();
}

/** Takes the roles away that reach too far, now that a narrow one is there. */
async function takeAwayCommand(
  { authorization }: AzureAccess,
  { principalId }: Identity,
  { scope }: Need,
  roles: readonly string[],
): Promise<string> {
  const [given, ...definitions] = await Promise.all([
    authorization.assignments(scope),
    ...roles.map((role) => authorization.findRole(scope, role)),
  ]);
  const wide = definitions.flatMap((role) =>
    role !== undefined && excessOf(rightsOf(role.permissions)).length > 0 ? [nameOf(role.id)] : [],
  );
  const ids = given
    .filter(
      (each) =>
        sameName(each.principalId, principalId) && wide.some((id) => sameName(id, nameOf(each.roleDefinitionId))),
    )
    .map(({ id }) => quoted(id));
  return `az role assignment delete --ids ${ids.join(' ')}`;
}
