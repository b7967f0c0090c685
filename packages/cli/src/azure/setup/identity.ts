import type { Identity, ManagedCluster } from '@kaito/azure';
import { groupAndName, quoted } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { permitted } from '../explain.ts';
import { addOnIdentityOf, ownIdentityOf } from '../names.ts';
import { nameOf, resourceGroupOf, sameName } from '../resource-id.ts';
import type { Step } from '../steps/step.ts';

/** The identity of the provisioner: where it is or is to be. */
export interface IdentityChoice {
  readonly resourceGroup: string;
  readonly name: string;
  /** Undefined: it is to be made. */
  readonly found: Identity | undefined;
}

/**
 * The identity that the person names, beside the cluster or its nodes; else that of the managed add-on while it is on and is to stay, for its
 * identity goes with it; else one of our own beside the cluster.
 */
export async function chooseIdentity(
  azure: AzureAccess,
  cluster: ManagedCluster,
  { identity, takeOver }: { readonly identity?: string; readonly takeOver?: boolean },
): Promise<IdentityChoice> {
  const resourceGroup = resourceGroupOf(cluster.id);
  const beside = identity ?? ownIdentityOf(cluster.name);
  const addOn = cluster.aiToolchainOperator && takeOver !== true ? addOnIdentityOf(cluster.name) : undefined;
  const inNodes = identity ?? addOn;
  if (inNodes !== undefined && cluster.nodeResourceGroup !== undefined) {
    // Few have rights in the group of the nodes; what cannot be seen there is not used.
    const found = await permitted(azure.identities.get(cluster.nodeResourceGroup, inNodes));
    if (found !== undefined) return { resourceGroup: resourceGroupOf(found.id), name: nameOf(found.id), found };
  }
  return { resourceGroup, name: beside, found: await azure.identities.get(resourceGroup, beside) };
}

/** On the identities that setup makes, and the sign for teardown that one may go. */
const madeBySetup = { 'created-by': 'kaito' } as const;

const tagText = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([key, value]) => quoted(`${key}=${value}`))
    .join(' ');

/** Whether setup has made an identity: Azure compares the names of tags without regard to case, and their values with. */
export const isMadeBySetup = ({ tags }: Identity): boolean =>
  Object.entries(madeBySetup).every(([key, value]) =>
    Object.entries(tags).some(([name, said]) => sameName(name, key) && said === value),
  );

export function identityStep(
  azure: AzureAccess,
  cluster: ManagedCluster,
  { resourceGroup, name, found }: IdentityChoice,
  made: (identity: Identity) => void,
): Step {
  const what = `the managed identity ${name} in resource group ${resourceGroup}`;
  const commands = [
    `az identity create ${groupAndName({ resourceGroup, name })} -l ${quoted(cluster.location)} --tags ${tagText(madeBySetup)}`,
  ];
  if (found !== undefined)
    return { name: 'identity', state: 'already', says: `${what}, client id ${found.clientId}`, commands: [] };
  return {
    name: 'identity',
    state: 'todo',
    says: `create ${what}`,
    commands,
    run: async () => {
      const { location } = cluster;
      const identity = await azure.identities.create({ resourceGroup, name, location, tags: madeBySetup });
      made(identity);
      return `created ${what}, client id ${identity.clientId}`;
    },
  };
}
