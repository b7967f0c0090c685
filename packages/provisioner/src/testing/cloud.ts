import { type Client, isAlreadyExists, isNotFound, nodes } from '@kaito/kube';
import { MemoryPools } from './memory-pools.ts';
import { aksNode } from './nodes.ts';

export interface Cloud {
  readonly pools: MemoryPools;
  /** Names of the pools that a machine was made of, each time one was. */
  readonly machines: string[];
}

/** Agent pools in memory whose machines join a real API server, as AKS's do. */
export function cloudOf(client: Client): Cloud {
  const pools = new MemoryPools();
  const machines: string[] = [];
  pools.retryAfterMs = 20;
  pools.put('systempool', { mode: 'System' });
  pools.onMachine = async (pool, there) => {
    const node = aksNode(pool);
    if (there) machines.push(pool.name);
    try {
      // kwok keeps it alive.
      const annotations = { 'kwok.x-k8s.io/node': 'fake' };
      if (there) await client.create(nodes, { ...node, metadata: { ...node.metadata, annotations } });
      else await client.delete(nodes, { name: node.metadata.name! });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
    }
  };
  return { pools, machines };
}
