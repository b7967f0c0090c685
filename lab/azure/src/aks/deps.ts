import { join } from 'node:path';
import type { Resource } from '../store/store.ts';
import type { Emulator } from '../wire/service.ts';
import type { AddonChart } from './addon/addon.ts';
import type { ClusterSpec, Driver } from './driver/driver.ts';
import { objectAt } from './fields.ts';
import { issuerOf } from './issuer/issuer-url.ts';

/** What the parts of AKS share. */
export interface AksDeps extends Emulator {
  readonly driver: Driver;
  readonly addon: AddonChart;
  /**
   * Brings a cluster's nodes in line with its machines; resolves when that is done, and tries again while the API server does not answer.
   * Aborting ends the wait alone.
   */
  readonly converge: (clusterId: string, signal: AbortSignal) => Promise<void>;
  /** Begins the metadata service of machines with these identities (resource ids) on a unix socket, where it does not listen already. */
  readonly listenMetadata: (identities: readonly string[], socket: string) => Promise<void>;
  /** Tells Entra where the keys of a cluster's issuer are served. */
  readonly announce: (cluster: Resource) => void;
}

/** A cluster as its driver knows it. */
export function specOf(
  { store, tenantId, directory }: Pick<Emulator, 'store' | 'tenantId' | 'directory'>,
  cluster: Resource,
): ClusterSpec {
  const uid = String(cluster.properties['resourceUID']);
  const { clientId } = objectAt(objectAt(cluster.properties, 'identityProfile'), 'kubeletidentity');
  return {
    id: cluster.id,
    uid,
    issuer: issuerOf(store, uid),
    tenantId,
    ...(typeof clientId === 'string' && { kubeletClientId: clientId }),
    metadataSocket: join(directory, `${uid.slice(0, 8)}.imds`),
  };
}
