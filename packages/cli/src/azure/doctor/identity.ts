import type { FederatedCredential, Identity, ManagedCluster } from '@kaito/azure';
import type { AksFlags } from '../cluster.ts';
import { groupAndName } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { permitted } from '../explain.ts';
import { addOnNamespace, audience, federatedCredentialName, ownNamespace, subjectIn } from '../names.ts';
import { resourceGroupOf } from '../resource-id.ts';
import { needsOf, tooMuch } from '../rights.ts';
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
      rightsChecks(azure, cluster, identity),
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
  const setup = `kaito azure setup ${groupAndName(flags)}`;
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
      issuer,
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
): Promise<readonly AzureCheck[]> {
  const name = 'rights';
  const all = await Promise.all(
    needsOf(cluster).map(async (need): Promise<readonly AzureCheck[]> => {
      try {
        const held = await azure.authorization.rightsOf(identity.principalId, need.scope);
        const missing = held.missing(need.actions);
        const role = await permitted(azure.authorization.findRole(need.custom.scope, need.custom.roleName));
        if (missing.length > 0)
          return [
            {
              name,
              state: 'failed',
              found: `on ${need.where} ${identity.name} lacks ${missing.join(', ')}`,
              remedy: assignmentCommand({
                scope: need.scope,
                roleName: role?.roleName ?? need.builtIn.roleName,
                identity: { name: identity.name, resourceGroup: resourceGroupOf(identity.id), found: identity },
              }),
            },
          ];
        const can = tooMuch.flatMap(([action, words]) => (held.allows(action) ? [words] : []));
        const by = held.roles.join(', ');
        if (can.length === 0) return [{ name, state: 'ok', found: `what it needs on ${need.where}, by ${by}` }];
        return [
          {
            name,
            state: 'warning',
            found: `what it needs on ${need.where}, by ${by}; and it can also ${can.join(', ')}`,
            remedy: `Give it the narrow role, then take the wide one away: az role assignment list --assignee ${identity.principalId} --all -o table`,
          },
        ];
      } catch (error) {
        return [asCheck(error, name)];
      }
    }),
  );
  return all.flat();
}
