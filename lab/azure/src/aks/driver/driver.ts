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
  connect(cluster: ClusterSpec): Connection | undefined;
  /** The key set by which its tokens are verified, `{"keys":[…]}`. @throws Error where it cannot be had */
  signingKeys(cluster: ClusterSpec): Promise<JsonObject>;
}
