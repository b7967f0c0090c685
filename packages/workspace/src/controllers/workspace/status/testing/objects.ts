import { type Condition, type NodeClaim, type Workspace, workspaceLabel } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { ContainerStatus, Node, Pod, PodCondition, Service } from 'kubernetes-types/core/v1.js';
import type { Live } from '../../../../cache/caches.ts';

/** The moment at which tests look; the Workspace was created ten minutes before. */
export const now = new Date('2026-03-01T12:10:00Z');

/** RFC 3339 in whole seconds, so many seconds before `now`. */
export function ago(seconds: number): string {
  return new Date(now.getTime() - seconds * 1000).toISOString().replace('.000Z', 'Z');
}

export const acrImage = 'contoso.azurecr.io/models/phi-2:0.0.9';

export function aWorkspace(change: Partial<Workspace> = {}): Live<Workspace> {
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: {
      name: 'demo',
      namespace: 'team',
      uid: 'uid-demo',
      generation: 1,
      resourceVersion: '10',
      creationTimestamp: ago(600),
    },
    inference: { preset: { name: 'phi-2' } },
    ...change,
  } as Live<Workspace>;
}

export function aPlan(change: Partial<Plan> = {}): Plan {
  return {
    workspace: { name: 'demo', namespace: 'team' },
    target: 'cluster',
    admitted: true,
    findings: [],
    runtime: {
      kind: 'image',
      apiFlavour: 'kaito',
      image: acrImage,
      imagePullSecrets: [],
      argv: [],
      environment: {},
      adapters: [],
    } as unknown as NonNullable<Plan['runtime']>,
    placement: {
      instanceType: 'Standard_NC6s_v3',
      machinesWanted: 1,
      nodeSelector: { apps: 'phi' },
      preferredNodes: [],
      tolerations: [],
      diskGiB: 100,
    },
    alternatives: [],
    phases: [
      { phase: 'Validated', seconds: 0, basis: 'arithmetic' },
      { phase: 'NodesReady', seconds: 410, basis: 'one start' },
      { phase: 'ImagePulled', seconds: 200, basis: 'one pull' },
      { phase: 'WeightsReady', seconds: 0, basis: 'in the image' },
      { phase: 'ModelLoaded', seconds: 80, basis: 'one start' },
      { phase: 'Serving', basis: 'at once' },
    ],
    decisions: [],
    inputsHash: '0'.repeat(64),
    ...change,
  };
}

export function aNode(
  name: string,
  change: { readonly spec?: object; readonly status?: object; readonly metadata?: object } = {},
): Live<Node> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `uid-${name}`, ...change.metadata },
    spec: { ...change.spec },
    status: {
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ago(300) }],
      ...change.status,
    },
  } as Live<Node>;
}

export function aClaim(name: string, conditions: Condition[], createdAt = ago(590)): Live<NodeClaim> {
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name, uid: `uid-${name}`, creationTimestamp: createdAt },
    spec: { nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' }, requirements: [] },
    status: { conditions },
  } as Live<NodeClaim>;
}

export function condition(
  type: string,
  status: Condition['status'],
  reason: string,
  message = '',
  at = ago(400),
): Condition {
  return { type, status, reason, message, lastTransitionTime: at };
}

/** A Deployment of one replica whose pod is not ready. */
export function aDeployment(status: object = {}, spec: object = {}): Live<Deployment> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'demo', namespace: 'team', uid: 'uid-deployment', generation: 1, creationTimestamp: ago(299) },
    spec: { replicas: 1, ...spec },
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, ...status },
  } as Live<Deployment>;
}

export function aStatefulSet(status: object = {}, spec: object = {}): Live<StatefulSet> {
  return {
    ...aDeployment({ updateRevision: 'demo-1', currentRevision: 'demo-1', ...status }, { replicas: 2, ...spec }),
    kind: 'StatefulSet',
  } as Live<StatefulSet>;
}

export function aService(port = 80): Live<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'demo', namespace: 'team', uid: 'uid-service' },
    spec: { ports: [{ name: 'http', port, targetPort: 5000 }] },
  } as Live<Service>;
}

const scheduled: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: ago(298) };

/** A pod as the kubelet reports it: scheduled on node `n1`, its container not ready. */
export function aPod(
  status: object,
  change: { readonly name?: string; readonly metadata?: object; readonly spec?: object } = {},
): Live<Pod> {
  const name = change.name ?? 'demo-7d9c8b6f5-abcde';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'team',
      uid: `uid-${name}`,
      creationTimestamp: ago(299),
      labels: { [workspaceLabel]: 'demo' },
      ...change.metadata,
    },
    spec: { nodeName: 'n1', containers: [{ name: 'demo', image: acrImage }], ...change.spec },
    status: { phase: 'Pending', conditions: [scheduled], ...status },
  } as Live<Pod>;
}

/** The status of the model's container. */
export function aContainer(change: Partial<ContainerStatus>): ContainerStatus {
  return { name: 'demo', image: acrImage, imageID: '', ready: false, restartCount: 0, started: false, ...change };
}

export function waitingFor(reason: string, message?: string): Partial<ContainerStatus> {
  return { state: { waiting: { reason, ...(message !== undefined && { message }) } } };
}

export const runningPod = aPod({
  phase: 'Running',
  conditions: [scheduled, { type: 'Ready', status: 'True', lastTransitionTime: ago(100) }],
  containerStatuses: [aContainer({ ready: true, started: true, state: { running: { startedAt: ago(180) } } })],
});
