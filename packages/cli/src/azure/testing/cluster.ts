import { MemoryClient } from '@kaito/kube/testing';
import type { Cluster } from '../../cluster/connect.ts';

/** A cluster of objects in memory. */
export function memoryCluster(): { readonly client: MemoryClient; readonly cluster: Cluster } {
  const client = new MemoryClient();
  const cluster = {
    client,
    namespace: 'default',
    where: 'on cluster kaito',
    flags: '',
    command: (verb: string) => `kaito ${verb}`,
  };
  return { client, cluster: cluster as unknown as Cluster };
}
