import type { NodeClaim, Workspace } from '@kaito/api';
import type { Informer, KubeObject } from '@kaito/kube';
import type { Deployment, StatefulSet, ControllerRevision } from 'kubernetes-types/apps/v1.js';
import type { Node, Pod, Service } from 'kubernetes-types/core/v1.js';

/** The types of `kubernetes-types` leave everything optional; an object from the API server has these. */
export type Live<T> = T & KubeObject;

/** Names of the indexes. */
export const indexes = {
  /** Workspaces by the names in `status.workerNodes`. */
  workerNode: 'workerNode',
  /** Pods, Services, workloads, revisions and NodeClaims by `namespace/name` of their Workspace. */
  workspace: 'workspace',
  /** Pods by `spec.nodeName`. */
  node: 'node',
  /** Under `updateHeld`: Workspaces with an update that is held, as their status says. */
  update: 'update',
} as const;

/** The one value of the index `update`. */
export const updateHeld = 'held';

/**
 * Everything the operator watches. Pods are only those with the label `kaito.sh/workspace`; NodeClaims may not be installed
 * (`nodeClaims.available`).
 */
export interface Caches {
  readonly workspaces: Informer<Live<Workspace>>;
  readonly nodes: Informer<Live<Node>>;
  readonly nodeClaims: Informer<Live<NodeClaim>>;
  readonly pods: Informer<Live<Pod>>;
  /** Pods of `kaito-gpu-provisioner`, in whichever namespace. */
  readonly provisioners: Informer<Live<Pod>>;
  readonly services: Informer<Live<Service>>;
  readonly deployments: Informer<Live<Deployment>>;
  readonly statefulSets: Informer<Live<StatefulSet>>;
  readonly revisions: Informer<Live<ControllerRevision>>;
}
