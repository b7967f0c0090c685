import type { JsonObject, Resource } from '../../store/store.ts';
import { addonIdentityId, ensureIdentity, removeIdentity } from '../cluster/node-resources.ts';
import { type AksDeps, specOf } from '../deps.ts';
import { objectAt } from '../fields.ts';
import { partsOf } from '../names.ts';
import { installAddon, removeAddon } from './addon.ts';
import { addonBegun } from './begun.ts';

export type AddonChange = 'install' | 'remove' | 'none';

/** Whether the properties of a cluster ask for the AI toolchain operator. */
export const isAddonEnabled = (properties: JsonObject): boolean =>
  objectAt(properties, 'aiToolchainOperatorProfile')['enabled'] === true;

/** Installs the add-on with its identity, or takes both away. @throws ArmError with helm's own words */
export async function settleAddon(
  deps: AksDeps,
  cluster: Resource,
  change: AddonChange,
  signal: AbortSignal,
): Promise<void> {
  const connection = deps.driver.connect(specOf(deps, cluster));
  const id = addonIdentityId(cluster);
  if (change === 'install') {
    const { clientId } = ensureIdentity(deps, cluster, id);
    const { subscriptionId, resourceGroup, name: clusterName } = partsOf(cluster.id);
    const address = `https://localhost:${deps.port}`;
    const target = {
      subscriptionId,
      resourceGroup,
      clusterName,
      location: cluster.location!,
      clientId: String(clientId),
      tenantId: deps.tenantId,
      caBundle: deps.authority,
      ...(deps.names === 'local' && { resourceManagerEndpoint: address, authorityHost: address }),
    };
    if (connection !== undefined) {
      await installAddon(connection, deps.addon, target, signal);
      if (deps.driver.machines !== undefined) await addonBegun(connection.client, deps.clock, signal);
    }
  }
  if (change === 'remove') {
    if (connection !== undefined) await removeAddon(connection, signal);
    removeIdentity(deps, id);
  }
}
