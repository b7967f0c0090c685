import type { Condition, ObjectMeta } from '../workspace.ts';

export interface Taint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** RFC 3339. */
  timeAdded?: string;
}

export interface NodeRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  values?: string[];
  minValues?: number;
}

/** Kubernetes quantities by resource name, e.g. `{ storage: '120Gi' }`. */
export type ResourceList = Record<string, string | number>;

export interface NodeClaimSpec {
  nodeClassRef: { group: string; kind: string; name: string };
  requirements: NodeRequirement[];
  resources?: { requests?: ResourceList };
  taints?: Taint[];
  startupTaints?: Taint[];
  /** Go duration, or `Never`. */
  expireAfter?: string;
  /** Go duration. */
  terminationGracePeriod?: string;
}

export interface NodeClaimStatus {
  conditions?: Condition[];
  providerID?: string;
  nodeName?: string;
  imageID?: string;
  capacity?: ResourceList;
  allocatable?: ResourceList;
  lastPodEventTime?: string;
}

/** One machine that is wanted, cluster-scoped. Its name is that of its agent pool. */
export interface NodeClaim {
  apiVersion: 'karpenter.sh/v1';
  kind: 'NodeClaim';
  metadata: ObjectMeta;
  spec: NodeClaimSpec;
  status?: NodeClaimStatus;
}

/** The conditions of a NodeClaim, in the order of its life; `Ready` sums them up. */
export const nodeClaimConditions = {
  launched: 'Launched',
  registered: 'Registered',
  initialized: 'Initialized',
  ready: 'Ready',
} as const;
