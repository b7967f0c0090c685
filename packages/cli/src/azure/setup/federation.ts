import type { FederatedCredential } from '@kaito/azure';
import { quoted } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import { audience, federatedCredentialName, subjectIn } from '../names.ts';
import type { Step } from '../steps/step.ts';
import type { IdentityChoice } from './identity.ts';

/** The federated credential that lets the provisioner's pod be the identity. `issuer` is undefined until the cluster has one. */
export async function federationStep(
  azure: AzureAccess,
  identity: IdentityChoice,
  of: { readonly issuer: string | undefined; readonly namespace: string; readonly issuerLater: () => string },
): Promise<Step> {
  const { resourceGroup, name } = identity;
  const subject = subjectIn(of.namespace);
  const there = identity.found === undefined ? [] : await azure.identities.federatedCredentials(resourceGroup, name);
  const right = there.find((each) => of.issuer !== undefined && trusts(each, of.issuer, subject));
  const step = {
    name: 'federation',
    says: `${name} trusts ${subject} of ${of.issuer ?? "the cluster's issuer"}`,
  } as const;
  if (right !== undefined) return { ...step, state: 'already', commands: [] };
  // One pair of issuer and subject stands once in an identity: where its audience is wrong, that one is mended.
  const same = there.find((each) => each.issuer === of.issuer && each.subject === subject);
  const credential = same?.name ?? federatedCredentialName;
  const wrong = there.find((each) => each.name === credential);
  const put = async () => {
    const issuer = of.issuerLater();
    await azure.identities.putFederatedCredential(resourceGroup, name, {
      name: credential,
      issuer,
      subject,
      audiences: [audience],
    });
  };
  return {
    ...step,
    state: 'todo',
    says: `${wrong === undefined ? 'let' : `mend ${credential}: let`} ${name} trust ${subject} of ${of.issuer ?? "the cluster's issuer"}`,
    commands: [
      federationCommand({
        credential,
        identity: name,
        resourceGroup,
        issuer: of.issuer,
        subject,
        verb: wrong === undefined ? 'create' : 'update',
      }),
    ],
    run: async () => {
      await put();
      return step.says;
    },
  };
}

/** Whether a credential lets exactly this ServiceAccount in; Entra ID compares with regard to case. */
export function trusts(credential: FederatedCredential, issuer: string, subject: string): boolean {
  return credential.issuer === issuer && credential.subject === subject && credential.audiences.includes(audience);
}

export function federationCommand(of: {
  readonly credential: string;
  readonly identity: string;
  readonly resourceGroup: string;
  readonly issuer: string | undefined;
  readonly subject: string;
  readonly verb: 'create' | 'update';
}): string {
  const issuer = of.issuer === undefined ? '"$ISSUER"' : quoted(of.issuer);
  return (
    `az identity federated-credential ${of.verb} --name ${quoted(of.credential)} --identity-name ${quoted(of.identity)} -g ${quoted(of.resourceGroup)} ` +
    `--issuer ${issuer} --subject ${of.subject} --audiences ${audience}`
  );
}
