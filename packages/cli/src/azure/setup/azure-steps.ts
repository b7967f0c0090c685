import type { Identity } from '@kaito/azure';
import { confirm } from '../../terminal/confirm.ts';
import { groupScopeOf } from '../resource-id.ts';
import { needsOf } from '../rights.ts';
import type { Step } from '../steps/step.ts';
import { federationStep } from './federation.ts';
import { chooseIdentity, identityStep } from './identity.ts';
import { issuerStep } from './issuer.ts';
import type { Setup } from './options.ts';
import { contributorStep, roleSteps, type RoleTools } from './roles.ts';
import { valuesOf, valuesStep } from './values.ts';

/** What is done at Azure, and the Helm values that fit it. */
export async function azureSteps({
  session,
  azure,
  flags,
  tools,
  cluster,
  namespace,
  managedAddOn,
  values,
}: Setup): Promise<readonly Step[]> {
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
    await federationStep(azure, cluster, identity, { namespace, issuerNow: () => issuer! }),
    ...(managedAddOn
      ? []
      : [
          await valuesStep(
            values,
            () => valuesOf({ cloud, subscriptionId, cluster, identity: identityNow(), authorities: tools.authorities }),
            made !== undefined,
          ),
        ]),
  ];
}
