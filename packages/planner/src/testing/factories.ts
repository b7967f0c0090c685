import type { Workspace } from '@kaito/api';
import { type Catalog, GiB, type GpuSpec, loadCatalog, type MachineType } from '@kaito/catalog';
import { type ClusterFacts, type Fact, type Facts, type HostFacts, nothingKnown, type NodeFacts } from '../facts.ts';
import type { Plan, PlanOptions } from '../plan.ts';
import { plan } from '../planner.ts';

export const catalog: Catalog = loadCatalog();
const asOf = '2026-01-01T00:00:00Z';

/** The fields of a Workspace that tests vary. */
export interface WorkspaceFields {
  readonly name?: string;
  readonly preset?: string;
  readonly image?: string;
  readonly accessMode?: 'public' | 'private';
  readonly instanceType?: string;
  readonly count?: number;
  readonly annotations?: Record<string, string>;
  readonly adapters?: NonNullable<NonNullable<Workspace['inference']>['adapters']>;
  readonly template?: Record<string, unknown>;
}

export function workspace(fields: WorkspaceFields = {}): Workspace {
  const {
    name = 'workspace-test',
    preset,
    image,
    accessMode,
    instanceType,
    count,
    annotations,
    adapters,
    template,
  } = fields;
  return {
    apiVersion: 'kaito.sh/v1alpha1',
    kind: 'Workspace',
    metadata: { name, ...(annotations && { annotations }) },
    resource: {
      ...(count !== undefined && { count }),
      ...(instanceType !== undefined && { instanceType }),
      labelSelector: { matchLabels: { apps: preset ?? 'custom' } },
    },
    inference: {
      ...(preset !== undefined && {
        preset: {
          name: preset,
          ...(accessMode && { accessMode }),
          ...(image !== undefined && { presetOptions: { image } }),
        },
      }),
      ...(template && { template }),
      ...(adapters && { adapters }),
    },
  };
}

export function known<T>(value: T): Fact<T> {
  return { state: 'known', value, asOf };
}

export function hostWith(fields: Partial<HostFacts> = {}): Facts {
  const host: HostFacts = {
    platform: 'linux',
    arch: 'x64',
    cores: 4,
    memoryBytes: 16 * GiB,
    availableMemoryBytes: 12 * GiB,
    freeDiskBytes: 100 * GiB,
    gpus: [],
    ...fields,
  };
  return { ...nothingKnown, host: known(host) };
}

export function node(fields: Partial<NodeFacts> = {}): NodeFacts {
  return { name: 'aks-pool-0', ready: true, labels: {}, gpuCapacity: 0, ...fields };
}

export function clusterOf(...nodes: readonly NodeFacts[]): Facts {
  return { ...nothingKnown, cluster: known<ClusterFacts>({ nodes }) };
}

export function machineWith(gpu: Partial<GpuSpec>, fields: Partial<MachineType> = {}): MachineType {
  return {
    name: 'Standard_Test',
    cloud: 'azure',
    vcpus: 8,
    memoryGiB: 64,
    nvmeGiB: 0,
    provenance: { source: 'test' },
    ...fields,
    gpu: { model: 'NVIDIA Test', count: 1, memoryGiB: 16, computeCapability: '8.0', ...gpu },
  };
}

/** Plans for a cluster of which nothing is known, unless told otherwise. */
export function planFor(
  fields: WorkspaceFields,
  options: Partial<PlanOptions> = {},
  facts = nothingKnown,
  from = catalog,
): Plan {
  return plan(workspace(fields), from, facts, { target: 'cluster', ...options });
}

/** Plans for this machine. */
export function planHere(fields: WorkspaceFields, options: Partial<PlanOptions> = {}, facts = hostWith()): Plan {
  return plan(workspace(fields), catalog, facts, { target: 'local', ...options });
}

/** Codes of the findings of one severity, in order. */
export function codes(of: Plan, severity: 'error' | 'warning' | 'info'): string[] {
  return of.findings.filter((finding) => finding.severity === severity).map((finding) => finding.code);
}
