import type { FederatedCredential, ManagedCluster } from '@kaito/azure';
import { groupAndName, quoted } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { audience, federatedCredentialName, subjectIn } from '../names.ts';
import { resourceGroupOf } from '../resource-id.ts';
import type { Step } from '../steps/step.ts';
import type { IdentityChoice } from './identity.ts';

/** The federated credential that lets the provisioner's pod be the identity. `issuerNow` answers once the cluster has an issuer. */
export async function federationStep(
  azure: AzureAccess,
  cluster: ManagedCluster,
  identity: IdentityChoice,
  of: { readonly namespace: string; readonly issuerNow: () => string },
): Promise<Step> {
  const { resourceGroup, name } = identity;
  const { oidcIssuer: issuer } = cluster;
  const subject = subjectIn(of.namespace);
  const there = identity.found === undefined ? [] : await azure.identities.federatedCredentials(resourceGroup, name);
  const whom = `${subject} of ${issuer ?? "the cluster's issuer"}`;
  if (issuer !== undefined && there.some((each) => trusts(each, issuer, subject)))
    return { name: 'federation', state: 'already', says: `${name} trusts ${whom}`, commands: [] };
  // One pair of issuer and subject stands once in an identity: where its audience is wrong, that one is mended.
  const same = there.find((each) => each.issuer === issuer && each.subject === subject);
  const credential = same?.name ?? federatedCredentialName;
  const wrong = there.some((each) => each.name === credential);
  const issuerText = issuer === undefined ? issuerCommand(cluster) : quoted(issuer);
  return {
    name: 'federation',
    state: 'todo',
    says: `${wrong ? `mend ${credential}: let` : 'let'} ${name} trust ${whom}`,
    commands: [
      federationCommand({
        credential,
        identity: name,
        resourceGroup,
        issuer: issuerText,
        subject,
        verb: wrong ? 'update' : 'create',
      }),
    ],
    run: async () => {
      const now = of.issuerNow();
      await azure.identities.putFederatedCredential(resourceGroup, name, {
        name: credential,
        issuer: now,
        subject,
        audiences: [audience],
      });
      return `${name} trusts ${subject} of ${now}`;
    },
  };
}

/** Whether a credential lets exactly this ServiceAccount in; Entra ID compares with regard to case. */
export function trusts(credential: FederatedCredential, issuer: string, subject: string): boolean {
  return credential.issuer === issuer && credential.subject === subject && credential.audiences.includes(audience);
}

/** `issuer` as a shell takes it. */
export function federationCommand(of: {
  readonly credential: string;
  readonly identity: string;
  readonly resourceGroup: string;
  readonly issuer: string;
  readonly subject: string;
  readonly verb: 'create' | 'update';
}): string {
  return (
    `az identity federated-credential ${of.verb} --name ${quoted(of.credential)} --identity-name ${quoted(of.identity)} -g ${quoted(of.resourceGroup)} ` +
    `--issuer ${of.issuer} --subject ${of.subject} --audiences ${audience}`
  );
}

function issuerCommand({ id, name }: ManagedCluster): string {
  return `"$(az aks show ${groupAndName({ resourceGroup: resourceGroupOf(id), name })} --query oidcIssuerProfile.issuerUrl -o tsv)"`;
}
