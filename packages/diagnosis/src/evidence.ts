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

/** The local server process, as its supervisor sees it. */
export interface ProcessEvidence {
  readonly pid?: number;
  readonly startedAt?: string;
  /** The server's own readiness. */
  readonly readiness?: 'loading' | 'ready' | 'draining';
  readonly endpoint?: string;
  readonly restarts: number;
  readonly lastExit?: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly at: string;
    readonly lastLines: readonly string[];
  };
}

/**
 * What a shell has seen of a Workspace. Absent means not looked at. The operator adds nodes, pods and NodeClaims beside `process`.
 */
export interface Evidence {
  readonly phases: readonly PhaseEvidence[];
  readonly process?: ProcessEvidence;
  /** The person asked for its end. */
  readonly deleting?: boolean;
}
