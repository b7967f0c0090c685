import type { Identity, ManagedCluster } from '@kaito/azure';
import { groupAndName, quoted } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { permitted } from '../explain.ts';
import { addOnIdentityOf, ownIdentityOf } from '../names.ts';
import { nameOf, resourceGroupOf } from '../resource-id.ts';
import type { Step } from '../steps/step.ts';

/** The identity of the provisioner: where it is or is to be. */
export interface IdentityChoice {
  readonly resourceGroup: string;
  readonly name: string;
  /** Undefined: it is to be made. */
  readonly found: Identity | undefined;
}

/**
 * The identity that the person names, wherever it is; else that of the managed add-on, unless the add-on is to go, for its identity goes with
 * it; else one of our own beside the cluster.
 */
export async function chooseIdentity(
  azure: AzureAccess,
  cluster: ManagedCluster,
  { identity, takeOver }: { readonly identity?: string; readonly takeOver?: boolean },
): Promise<IdentityChoice> {
  const resourceGroup = resourceGroupOf(cluster.id);
  const nodeGroup = cluster.nodeResourceGroup;
  // Few have rights in the group of the nodes; what cannot be seen there is not used.
  const inNodeGroup = async (name: string) =>
    nodeGroup === undefined ? undefined : await permitted(azure.identities.get(nodeGroup, name));
  const name = identity ?? (takeOver === true ? ownIdentityOf(cluster.name) : addOnIdentityOf(cluster.name));
  const beside = identity ?? ownIdentityOf(cluster.name);
  const made = takeOver === true && identity == null ? undefined : await inNodeGroup(name);
  if (made !== undefined) return { resourceGroup: resourceGroupOf(made.id), name: nameOf(made.id), found: made };
  return { resourceGroup, name: beside, found: await azure.identities.get(resourceGroup, beside) };
}

export function identityStep(
  azure: AzureAccess,
  cluster: ManagedCluster,
  { resourceGroup, name, found }: IdentityChoice,
  made: (identity: Identity) => void,
): Step {
  const what = `the managed identity ${name} in resource group ${resourceGroup}`;
  const commands = [`az identity create ${groupAndName({ resourceGroup, name })} -l ${quoted(cluster.location)}`];
  if (found !== undefined)
    return { name: 'identity', state: 'already', says: `${what}, client id ${found.clientId}`, commands };
  return {
    name: 'identity',
    state: 'todo',
    says: `create ${what}`,
    commands,
    run: async () => {
      const identity = await azure.identities.create({ resourceGroup, name, location: cluster.location });
      made(identity);
      return `created ${what}, client id ${identity.clientId}`;
    },
  };
}
