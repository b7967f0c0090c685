import type { Client } from '@kaito/kube';
import type { JsonObject } from '../../store/store.ts';

/** What a driver needs to know of a cluster. */
export interface ClusterSpec {
  /** Resource id. */
  readonly id: string;
  /** Unique for ever, also among clusters of one name. */
  readonly uid: string;
  /** The URL that its ServiceAccount tokens are issued as. */
  readonly issuer: string;
  readonly tenantId: string;
  /** Of the identity that its nodes pull images as; absent: it has none yet. */
  readonly kubeletClientId?: string;
  /** Unix socket on which the metadata service of its machines answers. */
  readonly metadataSocket: string;
}

/** A machine of an agent pool, as it boots. */
export interface MachineOrder {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As kubectl writes them: `key=value:Effect`. */
  readonly taints: readonly string[];
  readonly gpus: number;
  readonly instanceType: string;
  readonly diskGiB: number;
  readonly providerId: string;
  /** What its network takes in, megabits a second; absent: as fast as it can. */
  readonly downloadMbit?: number;
}

/** Machines that are real nodes, with kubelets that run pods. */
export interface RealMachines {
  /** Names of those that run. */
  running(cluster: ClusterSpec): Promise<readonly string[]>;
  /** Resolves when its node is Ready. @throws Error in words for a person */
  boot(cluster: ClusterSpec, machine: MachineOrder): Promise<void>;
  /** Evicts its pods and ends it, and its node with it. */
  remove(cluster: ClusterSpec, name: string): Promise<void>;
  /** Ends it as by a loss of power: its node stays, and falls silent. */
  kill(cluster: ClusterSpec, name: string): Promise<void>;
}

/** The API server of a cluster. */
export interface Connection {
  /** Administrator's. */
  readonly client: Client;
  /** Administrator's, for programs on this machine. */
  readonly kubeconfig: string;
  /** Folder of helm. */
  readonly binaries: string;
}

/** Where the Kubernetes behind AKS clusters comes from. Every method bears being called again. */
export interface Driver {
  /** Whether the API server outlives its clusters, so that what was made in it must be taken away. */
  readonly shared: boolean;
  /** The issuer of the tokens of a cluster for which `planned` was thought out: that, or one that its API server was started with. */
  issuer(planned: string): Promise<string>;
  /**
   * Makes the control plane where it is not there, starts it where it was stopped. @returns `made`: it is new, and knows nothing yet.
   *
   * @throws Error in words for a person
   */
  start(cluster: ClusterSpec): Promise<'made' | 'there'>;
  /** Stops it; what it knows is kept. */
  stop(cluster: ClusterSpec): Promise<void>;
  /** Ends it for ever. */
  remove(cluster: ClusterSpec): Promise<void>;
  /** Undefined: there is no Kubernetes behind it, or it is stopped. */
  connect(cluster: Pick<ClusterSpec, 'id' | 'uid'>): Connection | undefined;
  /** Absent: machines are Node objects alone, kept alive by kwok. */
  readonly machines?: RealMachines;
  /** Told the host names of the cloud, now and whenever they change; its clusters' machines and pods find it by them. */
  knowHosts?(names: readonly string[]): void;
  /** Ends what it does by itself for clusters that run; they stay. */
  close?(): Promise<void>;
  /** The key set by which its tokens are verified, `{"keys":[…]}`. @throws Error where it cannot be had */
  signingKeys(cluster: ClusterSpec): Promise<JsonObject>;
}
