import type { Workspace } from '@kaito/api';
import { isNotFound, keyOf, pods as podResource } from '@kaito/kube';
import { indexes, type Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';

/**
 * Replaces the ranks of a distributed model together: when its StatefulSet has a newer template, every pod of an older one is deleted at
 * once, since those of a rendezvous cannot be replaced one by one.
 */
export async function replaceRanks(workspace: Live<Workspace>, { client, caches }: Dependencies): Promise<void> {
  const set = caches.statefulSets.get(keyOf(workspace));
  const { updateRevision, observedGeneration } = set?.status ?? {};
  if (set === undefined || updateRevision === undefined || observedGeneration !== set.metadata.generation) return;
  const outdated = caches.pods.byIndex(indexes.workspace, keyOf(workspace)).filter(({ metadata }) => {
    const revision = metadata.labels?.['controller-revision-hash'];
    return revision !== undefined && revision !== updateRevision && metadata.deletionTimestamp === undefined;
  });
  await Promise.all(
    outdated.map(async ({ metadata }) => {
      const ref = { namespace: metadata.namespace!, name: metadata.name! };
      try {
        await client.delete(podResource, ref, { preconditions: { uid: metadata.uid! } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }),
  );
}
