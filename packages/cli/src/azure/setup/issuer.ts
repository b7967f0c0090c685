import type { ManagedCluster } from '@kaito/azure';
import { failure } from '../../failure.ts';
import type { AksFlags } from '../cluster.ts';
import { lineOf } from '../command-line.ts';
import type { AzureAccess } from '../connect.ts';
import type { Programs } from '../programs.ts';
import type { Step } from '../steps/step.ts';

/** The cluster's issuer of tokens, which the identity is to trust. Throws Failure OidcIssuerMissing where it can't be switched on from here. */
export function issuerStep(
  azure: AzureAccess,
  cluster: ManagedCluster,
  { resourceGroup, name }: AksFlags,
  programs: Programs,
  found: (issuer: string) => void,
): Step {
  const step = { name: 'oidc issuer' } as const;
  if (cluster.oidcIssuer !== undefined)
    return { ...step, state: 'already', says: `${cluster.name} has the issuer ${cluster.oidcIssuer}`, commands: [] };
  const words = [
    'az',
    'aks',
    'update',
    '-g',
    resourceGroup,
    '-n',
    name,
    '--subscription',
    azure.subscriptionId,
    '--enable-oidc-issuer',
    '-o',
    'none',
  ];
  const missing = (how: string) =>
    failure('OidcIssuerMissing', `The cluster ${name} has no OIDC issuer${how}.`, `Switch it on: ${lineOf(words)}`);
  if (!programs.has('az')) throw missing(', and az is not on the PATH to switch it on');
  return {
    ...step,
    state: 'todo',
    says: `switch the OIDC issuer of ${cluster.name} on; it takes some minutes`,
    commands: [lineOf(words)],
    warning: 'it cannot be switched off again, and the API server restarts',
    run: async () => {
      await programs.run(words);
      const { oidcIssuer } = await azure.clusters.get(resourceGroup, name);
      if (oidcIssuer === undefined) throw missing('');
      found(oidcIssuer);
      return `${name} has the issuer ${oidcIssuer}`;
    },
  };
}
