/**
 * A fact of three values. `known` carries the value, `absent` means it was looked for and is not there, `unknown` means that nobody
 * looked. `asOf` is RFC 3339: the moment of the look.
 */
export type Fact<T> =
  | { readonly state: 'known'; readonly value: T; readonly asOf: string }
  | { readonly state: 'absent'; readonly asOf: string }
  | { readonly state: 'unknown' };

export const unknown: Fact<never> = { state: 'unknown' };

export interface GpuFacts {
  readonly model: string;
  /** Memory in total and free now, bytes. */
  readonly memoryBytes: number;
  readonly freeBytes?: number;
  readonly computeCapability?: string;
}

/** This machine, as the local runner sees it. */
export interface HostFacts {
  readonly platform: string;
  readonly arch: string;
  /** Cores that the cgroup really allows (may be a fraction). */
  readonly cores: number;
  /** RAM that the cgroup allows, and what is available now, bytes. */
  readonly memoryBytes: number;
  readonly availableMemoryBytes: number;
  /** Free space where the weights cache lies, bytes. */
  readonly freeDiskBytes: number;
  readonly gpus: readonly GpuFacts[];
}

/** A node of the cluster, as far as the Plan needs it. */
export interface NodeFacts {
  readonly name: string;
  readonly ready: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** `nvidia.com/gpu` in capacity. */
  readonly gpuCapacity: number;
  readonly gpuFree?: number;
  readonly memoryBytes?: number;
}

export interface ClusterFacts {
  readonly nodes: readonly NodeFacts[];
}

/** What the cloud says of one machine type in the cluster's region. */
export interface OfferFacts {
  readonly instanceType: string;
  readonly offered: boolean;
  readonly zones: readonly string[];
  readonly restriction?: string;
  /** vCPUs of quota left in the family. */
  readonly quotaLeft?: number;
}

export interface CloudFacts {
  readonly region: string;
  readonly offers: readonly OfferFacts[];
  /** What the cloud did not tell: quotas, or neither offers nor quotas. */
  readonly unseen?: {
    readonly what: 'quota' | 'offers and quota';
    /** One sentence. */
    readonly why: string;
    readonly remedy?: string;
  };
}

/** Everything the planner may know about the world. Admission plans with all of it unknown. */
export interface Facts {
  readonly host: Fact<HostFacts>;
  readonly cluster: Fact<ClusterFacts>;
  readonly cloud: Fact<CloudFacts>;
}

export const nothingKnown: Facts = { host: unknown, cluster: unknown, cloud: unknown };
