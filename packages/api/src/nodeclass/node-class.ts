import type { Condition, ObjectMeta } from '../workspace.ts';

/** How KAITO's machines are set up on AKS; each field is a property of the agent pool, an absent one is AKS's default. */
export interface KaitoNodeClassSpec {
  /** Azure tags of the agent pool and its machines. */
  tags?: Record<string, string>;
  /** Azure resource IDs of the subnets of nodes and of pods. */
  vnetSubnetID?: string;
  podSubnetID?: string;
  /** Availability zones to use, e.g. `["1", "2"]`. */
  zones?: string[];
  osSKU?: 'Ubuntu' | 'AzureLinux';
  osDisk?: {
    type?: 'Managed' | 'Ephemeral';
    /** GiB; absent: what the model needs. */
    sizeGiB?: number;
  };
  /** Pods per node at most. */
  maxPods?: number;
  mode?: 'User' | 'System';
  /** `Install`: AKS installs the NVIDIA driver; `None`: something in the cluster does. */
  gpuDriver?: 'Install' | 'None';
  /** Present: spot machines, which are cheap and may be taken away at any time. */
  spot?: {
    /** US dollars per hour and machine as a decimal, e.g. "1.25"; absent or "-1": up to the regular price. */
    maxPrice?: string;
  };
}

/** A set-up of machines, cluster-scoped. */
export interface KaitoNodeClass {
  apiVersion: 'kaito.sh/v1alpha1';
  kind: 'KaitoNodeClass';
  metadata: ObjectMeta;
  spec?: KaitoNodeClassSpec;
  status?: { conditions?: Condition[] };
}
