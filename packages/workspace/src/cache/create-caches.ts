import { conditionTypes, isTrue, workspaceLabel, workspaceNamespaceLabel } from '@kaito/api';
import {
  type Client,
  type Clock,
  controllerRevisions,
  createInformer,
  deployments,
  type Informer,
  type KubeObject,
  type Logger,
  nodes,
  pods,
  services,
  statefulSets,
  withoutManagedFields,
} from '@kaito/kube';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { type Caches, indexes, type Live, updateHeld } from './caches.ts';
import { nodeClaims, workspaces } from './resources.ts';

interface Connection {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `namespace/name` of the Workspace that an object of its namespace carries the label of. */
function workspaceOf({ metadata }: KubeObject): readonly string[] {
  const name = metadata.labels?.[workspaceLabel];
  return name === undefined ? [] : [`${metadata.namespace}/${name}`];
}

/** `namespace/name` of the Workspace in the labels of an object without a namespace. */
export function workspaceOfClusterScoped({ metadata }: KubeObject): readonly string[] {
  const name = metadata.labels?.[workspaceLabel];
  const namespace = metadata.labels?.[workspaceNamespaceLabel];
  return name === undefined || namespace === undefined ? [] : [`${namespace}/${name}`];
}

/** A node without its images, of which there may be hundreds. */
function withoutImages<T extends KubeObject>(node: T): T {
  const status = (node as { readonly status?: Readonly<Record<string, unknown>> }).status;
  if (status?.['images'] === undefined) return withoutManagedFields(node);
  const { images: _, ...rest } = status;
  return withoutManagedFields({ ...node, status: rest });
}

/** A pod with what is read of it: where it is, what it asks for, how it fares. Volumes, environment and probes are its workload's to know. */
function essentials(pod: Live<Pod>): Live<Pod> {
  const { nodeName, containers = [], initContainers } = pod.spec ?? {};
  const small = containers.map(({ name, resources }) => ({ name, ...(resources !== undefined && { resources }) }));
  const first = initContainers?.map(({ name, restartPolicy }) => ({
    name,
    ...(restartPolicy !== undefined && { restartPolicy }),
  }));
  return withoutManagedFields({
    ...pod,
    spec: {
      containers: small,
      ...(nodeName !== undefined && { nodeName }),
      ...(first !== undefined && { initContainers: first }),
    },
  });
}

/** Caches of all that the operator looks at, not yet running. */
export function createCaches(connection: Connection): Caches & { readonly all: readonly Informer[] } {
  const labelSelector = workspaceLabel;
  const byWorkspace = { [indexes.workspace]: workspaceOf };
  const caches = {
    workspaces: createInformer({
      ...connection,
      resource: workspaces,
      indexes: {
        [indexes.workerNode]: ({ status }) => status?.workerNodes ?? [],
        [indexes.update]: ({ status }) =>
          isTrue(status?.conditions, conditionTypes.updateAvailable) ? [updateHeld] : [],
      },
    }),
    nodes: createInformer({ ...connection, resource: nodes, transform: withoutImages }),
    nodeClaims: createInformer({
      ...connection,
      resource: nodeClaims,
      labelSelector,
      optional: true,
      indexes: { [indexes.workspace]: workspaceOfClusterScoped },
    }),
    pods: createInformer({
      ...connection,
      resource: pods,
      labelSelector,
      transform: essentials,
      indexes: {
        ...byWorkspace,
        [indexes.node]: ({ spec }) => (spec?.nodeName === undefined ? [] : [spec.nodeName]),
      },
    }),
    provisioners: createInformer({
      ...connection,
      resource: pods,
      labelSelector: 'app.kubernetes.io/name=kaito-gpu-provisioner',
      transform: withoutManagedFields,
    }),
    services: createInformer({ ...connection, resource: services, labelSelector, indexes: byWorkspace }),
    deployments: createInformer({ ...connection, resource: deployments, labelSelector, indexes: byWorkspace }),
    statefulSets: createInformer({ ...connection, resource: statefulSets, labelSelector, indexes: byWorkspace }),
    revisions: createInformer({ ...connection, resource: controllerRevisions, labelSelector, indexes: byWorkspace }),
  };
  return { ...caches, all: Object.values(caches) as unknown as readonly Informer[] };
}
