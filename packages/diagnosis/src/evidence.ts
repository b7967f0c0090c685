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
}

/** A NodeClaim of the Workspace with its own conditions. */
export interface NodeClaimEvidence {
  readonly name: string;
  readonly conditions: readonly Condition[];
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
  /** The person asked for its end. */
  readonly deleting?: boolean;
}
