import type { ManagedCluster } from '@kaito/azure';
import type { AksFlags } from '../cluster.ts';
import { groupAndName } from '../command-line.ts';
import type { AzureCheck } from './check.ts';

/** Whether the AKS cluster runs, and has an issuer that an identity can trust. */
export function aksChecks(cluster: ManagedCluster, flags: AksFlags): readonly AzureCheck[] {
  const { name, location, kubernetesVersion = '', powerState, provisioningState = 'unknown' } = cluster;
  const which = groupAndName(flags);
  const running: AzureCheck =
    powerState === 'Stopped'
      ? { name: 'cluster', state: 'failed', found: `${name} is stopped`, remedy: `az aks start ${which}` }
      : provisioningState === 'Failed'
        ? {
            name: 'cluster',
            state: 'failed',
            found: `the last operation on ${name} failed, and AKS takes no other until it is reconciled`,
            remedy: `az aks update ${which}`,
          }
        : { name: 'cluster', state: 'ok', found: `${name} ${kubernetesVersion} in ${location}: ${provisioningState}` };
  const issuer: AzureCheck =
    cluster.oidcIssuer === undefined
      ? {
          name: 'oidc issuer',
          state: 'failed',
          found: `${name} has none, so no identity can trust its ServiceAccounts`,
          remedy: `az aks update ${which} --enable-oidc-issuer`,
        }
      : { name: 'oidc issuer', state: 'ok', found: cluster.oidcIssuer };
  return [running, issuer];
}
