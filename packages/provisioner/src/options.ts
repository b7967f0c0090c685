/** What the provisioner does its work by; read from flags and environment in `main.ts`. */
export interface ProvisionerOptions {
  /** The AKS cluster whose agent pools are made. */
  readonly cluster: ClusterAddress;
  /** Client id of the identity it acts as, for the commands it advises; undefined: not known. */
  readonly clientId?: string;
  /** NodeClaims worked on at once. */
  readonly concurrency: number;
  /** Pool operations that may be under way at once; AKS itself may allow fewer, which is found out. */
  readonly poolOperations: number;
  /** A machine with GPUs is Initialized only when its node offers them. */
  readonly waitForGpu: boolean;
  /** First pause before a machine that cannot be had is asked for again, ms; it doubles, up to ten times that. */
  readonly retryAfterMs: number;
  readonly timeouts: Timeouts;
}

export interface ClusterAddress {
  readonly subscriptionId: string;
  /** Of the cluster itself, not of its nodes. */
  readonly resourceGroup: string;
  readonly name: string;
  /** Region, e.g. `westus3`. */
  readonly location: string;
}

/** In ms. */
export interface Timeouts {
  /** From the first request for an agent pool until it exists. */
  readonly launchMs: number;
  /** From the machine's existence until its node is registered. */
  readonly registrationMs: number;
  /** From the registration until the node is ready for pods. */
  readonly initializationMs: number;
  /** How long a node is not Ready before its machine is replaced. */
  readonly repairMs: number;
}

/** Field manager of everything the provisioner writes, name of its Lease and User-Agent. */
export const fieldManager = 'kaito-gpu-provisioner';
