import {
  acceleratorLabel,
  gpuResource,
  instanceTypeLabel,
  type NodeClaim,
  type Workspace,
  workspaceLabel,
  workspaceNamespaceLabel,
} from '@kaito/api';
import { loadCatalog } from '@kaito/catalog';
import { type EventContent, type EventRecorder, type Informer, type KubeObject, silentLogger } from '@kaito/kube';
import { ManualClock, MemoryClient } from '@kaito/kube/testing';
import { nothingKnown, type Plan, plan } from '@kaito/planner';
import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import type { Caches, Live } from '../../../../cache/caches.ts';
import { createCaches } from '../../../../cache/create-caches.ts';
import type { OperatorOptions } from '../../../../options.ts';
import type { Dependencies } from '../../dependencies.ts';
import { ensureNodes } from '../ensure-nodes.ts';
import { NodeLedger } from '../ledger.ts';
import type { NodesOutcome } from '../outcome.ts';

export const catalog = loadCatalog();

export const options: OperatorOptions = {
  presetRegistry: 'mcr.microsoft.com/aks/kaito',
  serverImage: 'registry.example/kaito-server:1.0.0',
  systemNamespace: 'kaito-system',
  nodeProvisioner: 'karpenter',
  concurrency: 5,
};

/** An API server and the operator's caches of it in memory; both see every write at once, unless a test writes to one of them alone. */
export class World {
  readonly client = new MemoryClient();
  readonly clock = new ManualClock();
  readonly caches: Caches;
  readonly events: EventContent[] = [];
  ledger = new NodeLedger();
  options: OperatorOptions = options;

  constructor() {
    this.caches = createCaches({ client: this.client, clock: this.clock, logger: silentLogger });
  }

  get deps(): Dependencies {
    const recorder: EventRecorder = {
      record: (_, content) => void this.events.push(content),
      flush: () => Promise.resolve(),
    };
    const { client, clock, caches, ledger, options } = this;
    return {
      client,
      clock,
      caches,
      ledger,
      options,
      catalog,
      recorder,
      logger: silentLogger,
      neighbour: () => undefined,
    };
  }

  /** Creates or changes an object, seen at once. */
  async put<T extends KubeObject>(cache: Informer<T>, object: T): Promise<T> {
    const stored = await this.client.apply(cache.resource, object);
    cache.remember(stored);
    return stored;
  }

  async remove<T extends KubeObject>(cache: Informer<T>, object: T): Promise<void> {
    const { namespace, name = '', uid = '' } = object.metadata;
    const ref = namespace === undefined ? { name } : { namespace, name };
    const there = cache.get(ref);
    if ((there?.metadata.finalizers ?? []).length > 0)
      await this.put(cache, { ...there!, metadata: { ...there!.metadata, finalizers: [] } });
    await this.client.delete(cache.resource, ref).catch(() => {});
    cache.forget(ref, uid);
  }

  /** Ensures the nodes and stores what the operator's core stores of it. */
  async ensure(
    workspace: Live<Workspace>,
    extra: { readonly extraMachines?: 0 | 1; readonly plan?: Plan } = {},
  ): Promise<NodesOutcome> {
    const current = this.caches.workspaces.get(workspaceRef(workspace)) ?? workspace;
    const outcome = await ensureNodes({
      workspace: current,
      plan: extra.plan ?? planOf(current),
      deps: this.deps,
      ...extra,
    });
    await this.store(workspace, outcome);
    return outcome;
  }

  async store(workspace: Live<Workspace>, outcome: NodesOutcome): Promise<void> {
    const ref = workspaceRef(workspace);
    const { workerNodes, claims: nodeClaims } = outcome;
    const gpusPerPod = planOf(workspace).shape?.gpusPerPod;
    const body = { status: { workerNodes, nodeClaims, plan: { revision: 'first', gpusPerPod } } };
    this.caches.workspaces.remember(
      await this.client.patch(this.caches.workspaces.resource, ref, { type: 'merge', body }),
    );
  }

  claims(): readonly Live<NodeClaim>[] {
    return this.caches.nodeClaims.list();
  }

  /** What a provisioner does: the machine comes, and its node with it. */
  async fulfil(claim: Live<NodeClaim>, fields: NodeFields = {}): Promise<Live<Node>> {
    const name = `aks-${claim.metadata.name!}-vmss000000`;
    const type = claim.spec.requirements.find(({ key }) => key === instanceTypeLabel)?.values?.[0];
    const made = await this.put(this.caches.nodes, {
      ...node(name, {
        ...(type !== undefined && { type }),
        ...fields,
        labels: { ...claim.metadata.labels, ...fields.labels },
      }),
    });
    await this.put(this.caches.nodeClaims, {
      ...this.caches.nodeClaims.get({ name: claim.metadata.name! })!,
      status: {
        nodeName: name,
        conditions: ['Launched', 'Registered', 'Initialized', 'Ready'].map((of) => condition(of, 'True', of)),
      },
    });
    return made;
  }

  /** The provisioner says so. */
  async say(claim: Live<NodeClaim>, type: string, status: 'True' | 'False' | 'Unknown', reason: string): Promise<void> {
    await this.put(this.caches.nodeClaims, {
      ...this.caches.nodeClaims.get({ name: claim.metadata.name! })!,
      status: { conditions: [condition(type, status, reason)] },
    });
  }

  writes(): readonly string[] {
    return this.client.calls
      .filter(({ verb }) => verb !== 'get' && verb !== 'list' && verb !== 'watch')
      .map(({ verb, resource }) => `${verb} ${resource.plural}`);
  }
}

function workspaceRef({ metadata }: Live<Workspace>) {
  return { namespace: metadata.namespace!, name: metadata.name! };
}

function condition(type: string, status: 'True' | 'False' | 'Unknown', reason: string) {
  return { type, status, reason, message: reason, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

export interface WorkspaceFields {
  readonly preset?: string;
  readonly namespace?: string;
  readonly count?: number;
  readonly instanceType?: string;
  readonly labels?: Record<string, string>;
  readonly preferredNodes?: string[];
  readonly createdAt?: string;
}

export const gpuPreset = 'phi-2';
export const gpuType = 'Standard_NC24ads_A100_v4';

export function workspace(name: string, fields: WorkspaceFields = {}): Live<Workspace> {
  const {
    preset = gpuPreset,
    namespace = 'team',
    count = 1,
    instanceType = gpuType,
    labels = { apps: 'model' },
  } = fields;
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name, namespace, generation: 1, creationTimestamp: fields.createdAt ?? '2026-01-01T00:00:00Z' },
    resource: {
      count,
      instanceType,
      labelSelector: { matchLabels: labels },
      ...(fields.preferredNodes && { preferredNodes: fields.preferredNodes }),
    },
    inference: { preset: { name: preset } },
  };
}

/** On existing nodes only. */
export function existingOnly(name: string, fields: WorkspaceFields = {}): Live<Workspace> {
  return workspace(name, { instanceType: '', ...fields });
}

export function planOf(workspace: Live<Workspace>): Plan {
  const made = plan(workspace, catalog, nothingKnown, { target: 'cluster' });
  if (!made.admitted) throw new Error(JSON.stringify(made.findings));
  return made;
}

export interface NodeFields {
  readonly gpus?: number;
  readonly type?: string;
  readonly ready?: 'True' | 'False' | 'Unknown';
  readonly readySince?: string;
  readonly labels?: Record<string, string>;
  readonly cordoned?: boolean;
  readonly taints?: NonNullable<Node['spec']>['taints'];
  readonly memory?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

export function node(name: string, fields: NodeFields = {}): Live<Node> {
  const {
    gpus = 1,
    type = gpuType,
    ready = 'True',
    readySince = '2026-01-01T00:00:00Z',
    memory = '64Gi',
    taints = [],
  } = fields;
  const resources = { cpu: '16', memory, ...(gpus > 0 && { [gpuResource]: String(gpus) }) };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { apps: 'model', [acceleratorLabel]: 'nvidia', [instanceTypeLabel]: type, ...fields.labels },
    },
    spec: { taints, ...(fields.cordoned && { unschedulable: true }) },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: readySince }, ...(fields.conditions ?? [])],
    },
  };
}

export function pod(
  name: string,
  of: Live<Workspace>,
  nodeName: string | undefined,
  gpus = 1,
  memory?: string,
): Live<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: of.metadata.namespace!, labels: { [workspaceLabel]: of.metadata.name! } },
    spec: {
      ...(nodeName !== undefined && { nodeName }),
      containers: [
        {
          name: 'model',
          resources: {
            ...(gpus > 0 && { limits: { [gpuResource]: String(gpus) } }),
            ...(memory !== undefined && { requests: { memory } }),
          },
        },
      ],
    },
    status: { phase: 'Running' },
  };
}

/** Labels of a machine that was made for a Workspace. */
export function madeFor(of: Live<Workspace>): Record<string, string> {
  return { [workspaceLabel]: of.metadata.name!, [workspaceNamespaceLabel]: of.metadata.namespace! };
}
