import type { Condition } from '@kaito/api';
import type { PhaseName } from '@kaito/planner';

/** An error as data: stable code, one sentence, and what mends it. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  /** `transient` is retried, `terminal` needs a person. */
  readonly kind: 'transient' | 'terminal';
  /** RFC 3339. */
  readonly at?: string;
}

/** When a phase began, ended, and what it does at the moment. RFC 3339 times. */
export interface PhaseEvidence {
  readonly phase: PhaseName;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Bytes done and in total, with the rate, for a download. */
  readonly progress?: { readonly doneBytes: number; readonly totalBytes?: number; readonly bytesPerSecond?: number };
  readonly fault?: Fault;
  /** What it does, in words that stay the same while it does it. */
  readonly detail?: string;
}

/** How a server process ended. Both `code` and `signal` are null where nobody could see it end (an adopted process). */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** RFC 3339. */
  readonly at: string;
  /** Its last lines of output, oldest first. */
  readonly lastLines: readonly string[];
}

/** The local server process, as its supervisor sees it. */
export interface ProcessEvidence {
  /** Absent while no server runs. */
  readonly pid?: number;
  readonly startedAt?: string;
  /** The server's own readiness. */
  readonly readiness?: 'loading' | 'ready' | 'draining';
  readonly endpoint?: string;
  /** Times the server was started again after it had ended unasked. */
  readonly restarts: number;
  readonly lastExit?: ProcessExit;
  /** RFC 3339: when it is started again. */
  readonly nextStartAt?: string;
  /** The supervisor starts it no more. */
  readonly gaveUp?: boolean;
  /** Something worth knowing that is no fault, e.g. that the preferred port was taken. */
  readonly note?: string;
}

/** A node that the Workspace would use, and cannot at the moment. */
export interface NodeTrouble {
  readonly name: string;
  /** `NotReady`: its kubelet says so or is silent; `Cordoned`: a person took it out of use; `Leaving`: it is being deleted. */
  readonly kind: 'NotReady' | 'Cordoned' | 'Leaving';
  /** RFC 3339: since when. */
  readonly since?: string;
  /** The kubelet's words. */
  readonly message?: string;
}

/** The nodes that the Workspace may use. */
export interface NodesEvidence {
  /** Nodes needed. */
  readonly wanted: number;
  /** Names of those that are Ready and have their device plugin. */
  readonly ready: readonly string[];
  /** Names of those that are Ready but offer no GPU yet. */
  readonly withoutPlugin?: readonly string[];
  /** Ready nodes that report pressure, with the conditions' types, e.g. `DiskPressure`. */
  readonly underPressure?: readonly { readonly name: string; readonly pressures: readonly string[] }[];
  readonly troubles?: readonly NodeTrouble[];
}

/** A NodeClaim of the Workspace with its own conditions. */
export interface NodeClaimEvidence {
  readonly name: string;
  readonly conditions: readonly Condition[];
  /** RFC 3339. */
  readonly createdAt?: string;
  readonly nodeName?: string;
  readonly deleting?: boolean;
}

/** A container of a pod, from its status. */
export interface ContainerEvidence {
  readonly name: string;
  readonly init: boolean;
  readonly image: string;
  readonly state: 'waiting' | 'running' | 'terminated';
  /** `ImagePullBackOff`, `CrashLoopBackOff`, `OOMKilled`, …; the kubelet's own words. */
  readonly reason?: string;
  readonly message?: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** RFC 3339. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly exitCode?: number;
  /** How the run before the present one ended. */
  readonly lastTermination?: {
    readonly reason?: string;
    readonly exitCode: number;
    readonly message?: string;
    readonly finishedAt?: string;
  };
}

/** A pod of the Workspace's workload. Times are RFC 3339. */
export interface PodEvidence {
  readonly name: string;
  readonly phase: string;
  readonly createdAt: string;
  readonly ready: boolean;
  /** Since when it is ready. */
  readonly readyAt?: string;
  readonly deleting: boolean;
  /** When it should have been gone, its grace period included. */
  readonly deleteBy?: string;
  /** Made from the newest template; absent where that cannot be told. */
  readonly current?: boolean;
  readonly node?: string;
  readonly scheduledAt?: string;
  /** Why the scheduler found no node. */
  readonly unschedulable?: string;
  /** `Evicted` and the like, with its message. */
  readonly reason?: string;
  readonly message?: string;
  readonly containers: readonly ContainerEvidence[];
  /** Warning events about it, newest first; absent where they were not asked for. */
  readonly warnings?: readonly { readonly reason: string; readonly message: string; readonly at?: string }[];
}

/** The Deployment or StatefulSet. */
export interface WorkloadEvidence {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly name: string;
  readonly createdAt?: string;
  readonly wantedReplicas: number;
  readonly readyReplicas: number;
  /** Replicas of the newest template. */
  readonly updatedReplicas: number;
  /** All pods there are, of any template. */
  readonly replicas?: number;
  /** The controller-manager has seen the newest generation. */
  readonly observed: boolean;
  /** Why pods could not be created (quota, admission), in the API server's words. */
  readonly replicaFailure?: string;
}

/** A newer operator or catalog would run it differently; held until the person or the window says go. */
export interface UpdateEvidence {
  /** What would change, one line each. */
  readonly difference: readonly string[];
  /** Seconds without service that it would cost; 0 where a surge is possible, absent where unknown. */
  readonly downtimeSeconds?: number;
  /** Which Workspace is rolled at the moment, or when the window opens. */
  readonly waitsFor?: string;
}

/** What a shell has seen of a Workspace. Absent means not looked at. */
export interface Evidence {
  readonly phases: readonly PhaseEvidence[];
  readonly process?: ProcessEvidence;
  /** `gone`: the process that should look after the server does not run, although nobody asked for the Workspace's end. */
  readonly supervisor?: 'running' | 'gone';
  readonly nodes?: NodesEvidence;
  /** Absent where no machine is rented. */
  readonly nodeClaims?: readonly NodeClaimEvidence[];
  /** False where the cluster does not know NodeClaims at all. */
  readonly nodeClaimsInstalled?: boolean;
  /** A pod of the program that rents machines, and its last words, where none of its pods runs. */
  readonly provisioner?: { readonly namespace: string; readonly pod: string; readonly message: string };
  /** The cluster in Azure, as the program that rents its machines is told; absent where it is not told. */
  readonly managedCluster?: { readonly name: string; readonly resourceGroup: string };
  /** In a cluster: the pods, their workload, and where it is reached once Ready. */
  readonly pods?: readonly PodEvidence[];
  readonly workload?: WorkloadEvidence;
  readonly serviceEndpoint?: string;
  /** What the API server refused or the network failed while the shell carried out the Plan. */
  readonly faults?: readonly Fault[];
  readonly update?: UpdateEvidence;
  /** Another operator that looks after this Workspace; ours stays passive. */
  readonly managedElsewhere?: string;
  /** What deletion still waits for, e.g. `NodeClaim ws1a2b3c4d5`. */
  readonly deletionWaitsFor?: readonly string[];
  /** The person asked for its end. */
  readonly deleting?: boolean;
}
