import { agentPoolLabel, azureAgentPoolLabel, type KaitoNodeClass, type NodeClaim } from '@kaito/api';
import {
  type Client,
  type Clock,
  createInformer,
  type Informer,
  type KubeObject,
  type Live,
  type Logger,
  nodes,
  withoutManagedFields,
} from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import { nodeClaims, nodeClasses } from './resources.ts';

/** Names of the indexes. */
export const indexes = {
  /** Nodes by the name of their agent pool. */
  pool: 'pool',
  /** NodeClaims by the name of their node class. */
  nodeClass: 'nodeClass',
} as const;

/** Everything the provisioner watches. Node classes may not be installed. Pods are asked for where a node is drained, never watched. */
export interface Caches {
  readonly nodeClaims: Informer<Live<NodeClaim>>;
  readonly nodes: Informer<Live<Node>>;
  readonly nodeClasses: Informer<Live<KaitoNodeClass>>;
}

/** The agent pool that a node says it is of: AKS writes both labels, Kubernetes before 1.24 the first alone. */
export function poolOf({ metadata: { labels } }: KubeObject): string | undefined {
  return labels?.[azureAgentPoolLabel] ?? labels?.[agentPoolLabel];
}

/** A node without its images, of which there may be hundreds. */
function withoutImages(node: Live<Node>): Live<Node> {
  if (node.status?.images === undefined) return withoutManagedFields(node);
  const { images: _, ...status } = node.status;
  return withoutManagedFields({ ...node, status });
}

/** Caches, not yet running. */
export function createCaches(connection: {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}): Caches & { readonly all: readonly Informer[] } {
  const caches = {
    nodeClaims: createInformer({
      ...connection,
      resource: nodeClaims,
      optional: true,
      indexes: { [indexes.nodeClass]: ({ spec }) => [spec.nodeClassRef.name] },
    }),
    nodes: createInformer({
      ...connection,
      resource: nodes,
      transform: withoutImages,
      indexes: { [indexes.pool]: (node) => [poolOf(node) ?? []].flat() },
    }),
    nodeClasses: createInformer({ ...connection, resource: nodeClasses, optional: true }),
  };
  return { ...caches, all: Object.values(caches) as unknown as readonly Informer[] };
}
