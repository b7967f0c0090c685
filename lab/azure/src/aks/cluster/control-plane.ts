import type { Resource } from '../../store/store.ts';
import { type AksDeps, specOf } from '../deps.ts';
import { objectAt } from '../fields.ts';

/**
 * Starts what stands behind a cluster, and the metadata service that its machines ask for tokens. @returns `made`: it is new, and knows nothing yet
 *
 * @throws Error in words for a person
 */
export async function startControlPlane(deps: AksDeps, cluster: Resource): Promise<'made' | 'there'> {
  const spec = specOf(deps, cluster);
  if (deps.driver.machines !== undefined) {
    const { resourceId } = objectAt(objectAt(cluster.properties, 'identityProfile'), 'kubeletidentity');
    await deps.listenMetadata([String(resourceId)], spec.metadataSocket);
  }
  return await deps.driver.start(spec);
}
