import type { Operation, OperationState } from '../arm/operation.ts';
import type { Call } from '../call.ts';

/** Properties of an AKS agent pool, as they stand on the wire; those that are not named here are kept. */
export interface AgentPoolProperties {
  readonly count?: number;
  readonly vmSize?: string;
  readonly type?: 'VirtualMachineScaleSets' | 'AvailabilitySet' | 'VirtualMachines';
  readonly mode?: 'System' | 'User';
  readonly osType?: 'Linux' | 'Windows';
  readonly osSKU?: string;
  /** GiB. */
  readonly osDiskSizeGB?: number;
  readonly osDiskType?: 'Managed' | 'Ephemeral';
  readonly nodeLabels?: Readonly<Record<string, string>>;
  /** `key=value:effect`. */
  readonly nodeTaints?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly availabilityZones?: readonly string[];
  readonly maxPods?: number;
  readonly vnetSubnetID?: string;
  readonly podSubnetID?: string;
  readonly scaleSetPriority?: 'Regular' | 'Spot';
  readonly scaleSetEvictionPolicy?: 'Delete' | 'Deallocate';
  /** US dollars per hour; -1: up to the regular price. */
  readonly spotMaxPrice?: number;
  readonly gpuProfile?: { readonly driver?: 'Install' | 'None' };
  /** Read-only: `Creating`, `Updating`, `Succeeded`, `Failed`, `Deleting`, `Canceled`, … */
  readonly provisioningState?: string;
  /** Read-only. */
  readonly nodeImageVersion?: string;
  /** Read-only. */
  readonly powerState?: { readonly code?: 'Running' | 'Stopped' };
  readonly [other: string]: unknown;
}

export interface AgentPool {
  readonly id: string;
  readonly name: string;
  readonly properties: AgentPoolProperties;
  readonly etag?: string;
}

/** The agent pools of one AKS cluster. Nothing waits for a long-running operation: it is handed out, and `poll` looks at it once. */
export interface AgentPools {
  /** Undefined: there is no such pool. @throws AzureError; `ClusterNotFound` where the cluster itself is not there */
  get(name: string, call?: Call): Promise<AgentPool | undefined>;
  /** All pages. @throws AzureError */
  list(call?: Call): Promise<readonly AgentPool[]>;
  /**
   * Creates a pool, and never changes one that is there.
   *
   * @throws AzureError `PreconditionFailed` where a pool of that name exists
   */
  create(
    name: string,
    properties: AgentPoolProperties,
    call?: Call,
  ): Promise<{ readonly pool: AgentPool; readonly operation?: Operation }>;
  /**
   * Begins to delete a pool; `gone` where there is none.
   *
   * @throws AzureError `PreconditionFailed` where it is not the one with this `etag`
   */
  delete(name: string, call?: Call & { readonly etag?: string }): Promise<Operation | 'gone' | undefined>;
  /** Looks once after an operation. @throws AzureError when no answer came */
  poll(operation: Operation, call?: Call): Promise<OperationState>;
}
