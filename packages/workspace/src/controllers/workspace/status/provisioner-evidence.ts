import type { Evidence } from '@kaito/diagnosis';
import type { Caches } from '../../../cache/caches.ts';

/** Why no provisioner runs, in the last words of one of its pods; undefined where one is ready, none has failed yet, or there is none. */
export function provisionerEvidence(cache: Pick<Caches['provisioners'], 'list'>): Evidence['provisioner'] {
  const pods = cache.list().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pods.some(({ status }) => status?.containerStatuses?.every(({ ready }) => ready))) return undefined;
  for (const { metadata, status } of pods.toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))) {
    for (const { state = {}, lastState = {} } of status?.containerStatuses ?? []) {
      const ended = state.terminated ?? lastState.terminated;
      const message = ended === undefined ? waitsInVain(state.waiting) : (ended.message ?? ended.reason);
      if (message !== undefined)
        return { namespace: metadata.namespace!, pod: metadata.name!, message: message.trim() };
    }
  }
  return undefined;
}

/** The cluster in Azure, as the environment of the provisioner's pods names it; undefined where it does not. */
export function managedCluster(cache: Pick<Caches['provisioners'], 'list'>): Evidence['managedCluster'] {
  for (const { spec } of cache.list()) {
    const variables = new Map(spec?.containers.flatMap(({ env = [] }) => env.map(({ name, value }) => [name, value])));
    const [name, resourceGroup] = [variables.get('AZURE_CLUSTER_NAME'), variables.get('ARM_RESOURCE_GROUP')];
    if (name !== undefined && resourceGroup !== undefined) return { name, resourceGroup };
  }
  return undefined;
}

/** What the kubelet says of a container that it cannot start; one that is just being made is no such. */
function waitsInVain(waiting: { readonly reason?: string; readonly message?: string } | undefined): string | undefined {
  return waiting?.message === undefined ? undefined : `${waiting.reason}: ${waiting.message}`;
}
